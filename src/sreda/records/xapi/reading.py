"""Bytes to JSON and back, strictly: what two parsers could read differently is refused."""

from __future__ import annotations

import json
import re
from typing import Any

from sreda.records.xapi.errors import Invalid


def _whole(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for name, _value in pairs:
            if name in seen:
                raise Invalid(name[:300], "is there twice in one object")
            seen.add(name)
    return made


def _no_constant(name: str) -> Any:
    raise Invalid("", f"{name} is not a JSON number")


_decoder = json.JSONDecoder(object_pairs_hook=_whole, parse_constant=_no_constant)
_plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_escaped = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def read_json(body: bytes | str) -> Any:
    """The value in a body; Invalid says what is not JSON about it."""
    try:
        text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
        return _decoder.decode(text)
    except UnicodeDecodeError as error:
        raise Invalid("", f"the body is not UTF-8 (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise Invalid(
            "", f"the body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from error
    except RecursionError as error:
        raise Invalid("", "the body is nested too deeply") from error
    except Invalid:
        raise
    except ValueError as error:  # a whole number of thousands of digits
        raise Invalid("", f"the body is not JSON we can keep: {error}") from error


_SPACE = re.compile(r"[ \t\n\r]*")
_BLANKS = frozenset(" \t\n\r")


def read_statements(body: bytes) -> tuple[list[tuple[Any, str]], bool]:
    """The statements of a body, each with its text as it was sent; and whether it is a batch."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    start = _after_space(text, 0)
    if not text.startswith("[", start):
        found = read_json(body)
        return [(found, text[start:].rstrip())], False
    made: list[tuple[Any, str]] = []
    try:
        at = _after_space(text, start + 1)
        if text.startswith("]", at):
            return _end(text, at, made, body)
        while True:
            found, end = _decoder.raw_decode(text, at)
            made.append((found, text[at:end]))
            at = _after_space(text, end)
            if text.startswith("]", at):
                return _end(text, at, made, body)
            if not text.startswith(",", at):
                raise ValueError
            at = _after_space(text, at + 1)
    except Invalid:
        raise
    except (ValueError, RecursionError):
        read_json(body)  # says what is wrong, and where
        raise


def _end(
    text: str, at: int, made: list[tuple[Any, str]], body: bytes
) -> tuple[list[tuple[Any, str]], bool]:
    if _after_space(text, at + 1) != len(text):
        read_json(body)
    return made, True


def _after_space(text: str, at: int) -> int:
    if text[at : at + 1] not in _BLANKS:
        return at
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def written_json(value: Any) -> str:
    """Compact JSON that any UTF-8 column takes; Invalid for numbers beyond a double."""
    try:
        text = _plain.encode(value)
    except ValueError as error:
        raise Invalid("", "a number is too large") from error
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, escaped as it came
        return _escaped.encode(value)
    return text
