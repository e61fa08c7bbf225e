"""Regular expressions of XML Schema, run by RE2: a hostile pattern cannot take long.

XML Schema matches the whole text and has no anchors. Authors write `^…$` all the same; a pattern
that matches nothing as written is tried without them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

BLANKS = r" \t\n\r"
NAME_START = r":_\p{L}"
NAME = r"\-.:_\p{L}\p{N}\p{M}"
# escapes of XML Schema, as they stand inside a class of RE2
INSIDE = {
    "d": r"\p{Nd}",
    "D": r"\P{Nd}",
    "s": BLANKS,
    "w": r"\p{L}\p{M}\p{N}\p{S}",
    "i": NAME_START,
    "c": NAME,
    "n": r"\n",
    "r": r"\r",
    "t": r"\t",
}
NEGATED = {"S": BLANKS, "W": r"\p{L}\p{M}\p{N}\p{S}", "I": NAME_START, "C": NAME}
BLOCKS = {
    "BasicLatin": r"\x{00}-\x{7F}",
    "Latin-1Supplement": r"\x{80}-\x{FF}",
    "LatinExtended-A": r"\x{100}-\x{17F}",
    "LatinExtended-B": r"\x{180}-\x{24F}",
    "IPAExtensions": r"\x{250}-\x{2AF}",
    "SpacingModifierLetters": r"\x{2B0}-\x{2FF}",
    "CombiningDiacriticalMarks": r"\x{300}-\x{36F}",
    "Greek": r"\x{370}-\x{3FF}",
    "GreekandCoptic": r"\x{370}-\x{3FF}",
    "Cyrillic": r"\x{400}-\x{4FF}",
    "CyrillicSupplement": r"\x{500}-\x{52F}",
    "Armenian": r"\x{530}-\x{58F}",
    "Hebrew": r"\x{590}-\x{5FF}",
    "Arabic": r"\x{600}-\x{6FF}",
    "Devanagari": r"\x{900}-\x{97F}",
    "Thai": r"\x{E00}-\x{E7F}",
    "Georgian": r"\x{10A0}-\x{10FF}",
    "LatinExtendedAdditional": r"\x{1E00}-\x{1EFF}",
    "GreekExtended": r"\x{1F00}-\x{1FFF}",
    "GeneralPunctuation": r"\x{2000}-\x{206F}",
    "SuperscriptsandSubscripts": r"\x{2070}-\x{209F}",
    "CurrencySymbols": r"\x{20A0}-\x{20CF}",
    "LetterlikeSymbols": r"\x{2100}-\x{214F}",
    "NumberForms": r"\x{2150}-\x{218F}",
    "Arrows": r"\x{2190}-\x{21FF}",
    "MathematicalOperators": r"\x{2200}-\x{22FF}",
    "GeometricShapes": r"\x{25A0}-\x{25FF}",
    "Hiragana": r"\x{3040}-\x{309F}",
    "Katakana": r"\x{30A0}-\x{30FF}",
    "CJKUnifiedIdeographs": r"\x{4E00}-\x{9FFF}",
    "HangulSyllables": r"\x{AC00}-\x{D7AF}",
}


class PatternError(ValueError):
    """The pattern is none of XML Schema, or beyond what RE2 takes."""


def full_match(pattern: str, text: str) -> bool:
    """Whether the whole text matches; raises `PatternError`."""
    strict, loose = _compiled(pattern)
    if strict.fullmatch(text) is not None:
        return True
    return loose is not None and loose.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> tuple[Any, Any]:
    if len(pattern) > 2000:
        raise PatternError("longer than 2000 characters")
    strict = _one(pattern)
    bare = pattern.removeprefix("^")
    if bare.endswith("$") and not bare.endswith("\\$"):
        bare = bare[:-1]
    try:
        return strict, (_one(bare) if bare != pattern else None)
    except PatternError:
        # ^* alone means the character
        return strict, None


def _one(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 23
    try:
        return re2.compile(translated(pattern), options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        raise PatternError(said.decode() if isinstance(said, bytes) else str(said)) from None


def translated(pattern: str) -> str:
    """The pattern in RE2's words."""
    out: list[str] = []
    subtractions: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            text, at = _escape(pattern, at, outside=True)
            out.append(text)
        elif char == "[":
            text, at = _class(pattern, at, subtractions)
            out.append(text)
        elif char in "^$":
            out.append("\\" + char)
            at += 1
        elif char == ".":
            out.append(r"[^\n\r]")
            at += 1
        elif char == "(":
            if pattern[at + 1 : at + 2] == "?":
                raise PatternError("(? is none of XML Schema")
            out.append("(?:")
            at += 1
        else:
            out.append(char)
            at += 1
    return "".join(out)


def _escape(pattern: str, at: int, *, outside: bool) -> tuple[str, int]:
    """(RE2 text, place after it) of the escape at `at`."""
    char = pattern[at + 1 : at + 2]
    if not char:
        raise PatternError("a lone \\ at the end")
    if char in "pP":
        found = re.compile(r"\{([A-Za-z0-9\-]+)\}").match(pattern, at + 2)
        if not found:
            raise PatternError(f"\\{char} without a category")
        name = found.group(1)
        if name.startswith("Is"):
            if name[2:] not in BLOCKS:
                raise PatternError(f"the block {name} is not known")
            inner = BLOCKS[name[2:]]
            if char == "P" and not outside:
                raise PatternError(f"\\P{{{name}}} inside a class")
            return (f"[{'^' if char == 'P' else ''}{inner}]" if outside else inner), found.end()
        return f"\\{char}{{{name}}}", found.end()
    if char in INSIDE:
        inner = INSIDE[char]
        plain = not outside or (
            inner.startswith("\\") and inner.count("\\") == 1 and "{" not in inner
        )
        return (inner if plain else f"[{inner}]"), at + 2
    if char in NEGATED:
        return f"[^{NEGATED[char]}]", at + 2
    if char.isalnum():
        raise PatternError(f"the escape \\{char} is unknown")
    return "\\" + char, at + 2


def _class(pattern: str, start: int, done: list[str]) -> tuple[str, int]:
    """A class in brackets; a subtraction [a-z-[aeiou]] is worked out code point by code point,
    and `done` gathers those of the whole pattern."""
    at = start + 1
    negated = pattern[at : at + 1] == "^"
    if negated:
        at += 1
    parts: list[str] = []
    # what \S, \W, \I and \C leave out: RE2 has no such sets inside brackets
    without: list[str] = []
    while at < len(pattern):
        char = pattern[at]
        if char == "]":
            if not parts and not without:
                raise PatternError("an empty class")
            return _joined(parts, without, done, negated=negated), at + 1
        if char == "-" and pattern[at + 1 : at + 2] == "[" and (parts or without):
            inner, end = _class(pattern, at + 1, done)
            if pattern[end : end + 1] != "]":
                raise PatternError("a subtraction must end its class")
            outer = _joined(parts, without, done, negated=negated)
            return _subtracted(outer, inner, done), end + 1
        if char == "\\" and pattern[at + 1 : at + 2] in NEGATED:
            without.append(NEGATED[pattern[at + 1]])
            at += 2
        elif char == "\\":
            text, at = _escape(pattern, at, outside=False)
            parts.append(text)
        elif char == "[":
            raise PatternError("[ inside a class")
        else:
            last = pattern[at + 1 : at + 2] == "]" or not parts
            parts.append("\\-" if char == "-" and last else "\\^" if char == "^" else char)
            at += 1
    raise PatternError("a class without its ]")


def _joined(parts: list[str], without: list[str], done: list[str], *, negated: bool) -> str:
    """One class of its parts and of everything but each set in `without`."""
    inner = "".join(parts)
    if not negated:
        one = [f"[{inner}]"] if parts else []
        one += [f"[^{left_out}]" for left_out in without]
        return one[0] if len(one) == 1 else f"(?:{'|'.join(one)})"
    if not without:
        return f"[^{inner}]"
    # in every set at once, and in none of the parts
    held = f"[{without[0]}]"
    for other in without[1:]:
        held = _subtracted(held, f"[^{other}]", done)
    return _subtracted(held, f"[{inner}]", done) if parts else held


def _subtracted(outer: str, inner: str, done: list[str]) -> str:
    if len(done) == 5:
        raise PatternError("more than 5 subtractions of classes")
    done.append(inner)
    keep, drop = re2.compile(outer), re2.compile(inner)
    ranges: list[list[int]] = []
    for code in range(0x10000):
        if 0xD800 <= code <= 0xDFFF:
            continue
        char = chr(code)
        if keep.fullmatch(char) and not drop.fullmatch(char):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    if not ranges:
        raise PatternError("a class of nothing")
    return "[" + "".join(f"\\x{{{a:X}}}-\\x{{{b:X}}}" for a, b in ranges) + "]"
