"""Forms of single values: IRIs, UUIDs, times, durations, languages, addresses, media types."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

# RFC 3987 without its table of planes: a scheme, then anything that needs no escape.
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s\x00-\x20<>\"{}|\\^`\ud800-\udfff]+\Z")
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\Z")
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?([Zz]|[+\-]\d\d(?::?\d\d)?)?\Z"
)
_BASIC_TIME = re.compile(
    r"(\d{8})[Tt](\d\d)(\d\d)(?:(\d\d)(?:[.,](\d+))?)?([Zz]|[+\-]\d\d(?::?\d\d)?)?\Z"
)
_NO_OFFSET = re.compile(r"-00(?::?00)?\Z")
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_DURATION = re.compile(
    rf"P(?=[\dT])(?:{_NUMBER}W|(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}D)?"
    rf"(?:T(?=\d)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?)\Z"
)
# RFC 5646, section 2.1; grandfathered tags by name.
_LANGUAGE = re.compile(
    r"(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?|x(?:-[a-z0-9]{1,8})+"
    r"|en-gb-oed|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)"
    r"|sgn-(?:be-fr|be-nl|ch-de)|art-lojban|cel-gaulish|no-(?:bok|nyn)"
    r"|zh-(?:guoyu|hakka|min|min-nan|xiang))\Z",
    re.IGNORECASE,
)
_LABEL = r"[^\W_](?:[\w\-]*[^\W_])?"
_MAILTO = re.compile(
    r"mailto:(?:[^\s\x00-\x20@<>()\[\]\\,;:\"]+|\"[^\"\r\n\\]+\")"
    rf"@{_LABEL}(?:\.{_LABEL})*\Z",
    re.IGNORECASE,
)
_SHA1 = re.compile(r"[0-9A-Fa-f]{40}\Z")
_SHA2 = re.compile(r"(?:[0-9A-Fa-f]{56}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128})\Z")
_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~\-]+"
_MEDIA = re.compile(rf"{_WORD}/{_WORD}(?:\s*;\s*{_WORD}=(?:{_WORD}|\"[^\"]*\"))*\s*;?\s*\Z")
_VERSION_1 = re.compile(r"1\.0(?:\.\d+)?\Z")
_VERSION_2 = re.compile(r"2\.0(?:\.\d+)?\Z")


@lru_cache(maxsize=65_536)
def is_iri(text: str) -> bool:
    """An absolute IRI: without a scheme it names nothing."""
    return _IRI.match(text) is not None and not _PERCENT.search(text)


@lru_cache(maxsize=4_096)
def is_language(text: str) -> bool:
    return _LANGUAGE.match(text) is not None


def is_uuid(text: str) -> bool:
    return _UUID.match(text) is not None


def is_mailto(text: str) -> bool:
    return _MAILTO.match(text) is not None


def is_sha1(text: str) -> bool:
    return _SHA1.match(text) is not None


def is_sha2(text: str) -> bool:
    return _SHA2.match(text) is not None


@lru_cache(maxsize=1_024)
def is_media_type(text: str) -> bool:
    return _MEDIA.match(text) is not None


@lru_cache(maxsize=8_192)
def is_duration(text: str) -> bool:
    """ISO 8601:2004, 4.4.3.2; only the last number may have a fraction."""
    found = _DURATION.match(text)
    if found is None:
        return False
    given = [number for number in found.groups() if number is not None]
    return bool(given) and all(number.isdecimal() for number in given[:-1])


_SECONDS = re.compile(r"(\d+)[.,](\d+)S\Z")


def cut_duration(text: str) -> str:
    """With at most hundredths of a second, by which durations are compared (2.0, 4.2.7)."""
    return _SECONDS.sub(_hundredths, text)


def _hundredths(found: re.Match[str]) -> str:
    part = found[2][:2].rstrip("0")
    return f"{found[1]}.{part}S" if part else f"{found[1]}S"


def moment(text: str) -> datetime | None:
    """The moment an ISO 8601 or RFC 3339 text names, in UTC; None where it names none.

    Without an offset it is read as UTC. An offset of minus zero is none (RFC 3339, 4.3: "the
    offset is unknown"), and xAPI refuses it. More than microseconds are cut off.
    """
    found = _TIME.match(text) or _BASIC_TIME.match(text)
    if found is None or _NO_OFFSET.search(text, 10):
        return None
    day, hour, minute, second, fraction, offset = found.groups()
    if second == "60":  # a leap second
        second, fraction = "59", "999999"
    if offset in {"Z", "z", None}:
        offset = "+00:00"
    exact = f"{day}T{hour}:{minute}:{second or '00'}.{(fraction or '0')[:6]:0<6}{offset}"
    try:
        return datetime.fromisoformat(exact).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_UTC_TEXT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\Z", re.ASCII)


def is_moment(text: str) -> bool:
    """What `moment` can read; the form most senders use needs less work."""
    if _UTC_TEXT.match(text):
        try:
            datetime.fromisoformat(text[:19])
        except ValueError:  # a leap second, or no moment at all
            return moment(text) is not None
        return True
    return moment(text) is not None


def in_utc(text: str) -> str:
    """A valid moment written in UTC with "Z", as the second edition returns it."""
    if _UTC_TEXT.match(text):
        return text
    at = moment(text)
    assert at is not None
    return written(at)


def written(at: datetime) -> str:
    """A moment as we write it: UTC, microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def is_version(text: str, edition: int) -> bool:
    """A statement's own version; the second edition takes in statements of the first."""
    if _VERSION_1.match(text):
        return True
    return edition >= 2 and _VERSION_2.match(text) is not None


def edition_of(header: str) -> int | None:
    """1 or 2, as the X-Experience-API-Version of a request asks; None: not spoken here."""
    if _VERSION_1.match(header):
        return 1
    return 2 if _VERSION_2.match(header) else None


EDITIONS = {1: "1.0.3", 2: "2.0.0"}
