"""The rules of single values of a statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.formats import (
    is_duration,
    is_iri,
    is_language,
    is_media_type,
    is_moment,
    is_sha2,
    is_uuid,
)

Check = Callable[[Any], None]


def object_of(value: Any, allowed: frozenset[str]) -> dict[str, Any]:
    if type(value) is not dict:
        raise Invalid("", "must not be null" if value is None else "must be an object")
    if not value.keys() <= allowed:
        name = next(key for key in value if key not in allowed)
        near = next((key for key in allowed if key.lower() == name.lower()), None)
        hint = f'; did you mean "{near}"? Names are case sensitive' if near else ""
        raise Invalid(name[:300], f"is not a property known here{hint}")
    return value


def each(value: Any, inner: Check, reason: str) -> None:
    if type(value) is not list:
        raise Invalid("", "must not be null" if value is None else reason)
    number = 0
    try:
        for number, item in enumerate(value):  # noqa: B007 - named in the fault
            inner(item)
    except Invalid as error:
        raise error.under(number) from None


def text(value: Any) -> None:
    if type(value) is not str:
        raise Invalid("", "must not be null" if value is None else "must be a string")


def uuid(value: Any) -> None:
    if type(value) is not str or not is_uuid(value):
        raise Invalid("", "must be a UUID in its usual form, a string")


def iri(value: Any) -> None:
    if type(value) is not str or not is_iri(value):
        raise Invalid("", "must be an IRI with a scheme, a string")


def irl(value: Any) -> None:
    if type(value) is not str or not is_iri(value):
        raise Invalid("", "must be an IRL with a scheme, a string")


def boolean(value: Any) -> None:
    if type(value) is not bool:
        raise Invalid("", "must be true or false")


def timestamp(value: Any) -> None:
    if type(value) is not str or not is_moment(value):
        raise Invalid(
            "",
            "must be a timestamp such as 2024-05-06T07:08:09.123Z (ISO 8601, RFC 3339); "
            "an offset of -00:00 is refused",
        )


def duration(value: Any) -> None:
    if type(value) is not str or not is_duration(value):
        raise Invalid("", "must be an ISO 8601 duration such as PT1H30M")


def language(value: Any) -> None:
    if type(value) is not str or not is_language(value):
        raise Invalid("", "must be a language tag (RFC 5646)")


def language_map(value: Any) -> None:
    if type(value) is not dict:
        raise Invalid("", "must be a language map: an object of language tags and strings")
    for tag, said in value.items():
        if not is_language(tag):
            raise Invalid(tag[:300], "is not a language tag (RFC 5646)")
        if type(said) is not str:
            raise Invalid(tag, "must be a string")


def extensions(value: Any) -> None:
    """Keys are IRIs; what lies under them is nobody's business but its maker's, null too."""
    if type(value) is not dict:
        raise Invalid("", "must be an object")
    for key in value:
        if not is_iri(key):
            raise Invalid(key[:300], "the key must be an IRI with a scheme")


def media_type(value: Any) -> None:
    if type(value) is not str or not is_media_type(value):
        raise Invalid("", "must be an Internet media type")


def length(value: Any) -> None:
    if type(value) is not int or value < 0:
        raise Invalid("", "must be a number of bytes")


def sha2(value: Any) -> None:
    if type(value) is not str or not is_sha2(value):
        raise Invalid("", "must be the SHA-2 of the content in hexadecimal digits")
