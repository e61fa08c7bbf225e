"""Pictures and recordings of items: known by their content, never by what their name promises."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import PurePosixPath

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from sreda.assessment import qti
from sreda.assessment.rendering.files import SHOWN
from sreda.kernel.api import Actor, StoredFile, keep_content, kept_content

MEGABYTE = 1024 * 1024
LIMIT = 200 * MEGABYTE
ACTIVE = frozenset({"script", "foreignobject", "iframe", "embed", "object", "handler", "listener"})
MARKS: dict[str, tuple[bytes, ...]] = {
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF87a", b"GIF89a"),
    ".mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa"),
    ".ogg": (b"OggS",),
    ".webm": (b"\x1aE\xdf\xa3",),
    ".vtt": (b"WEBVTT", b"\xef\xbb\xbfWEBVTT"),
    ".pdf": (b"%PDF-",),
}
TYPES = {**SHOWN, ".pdf": "application/pdf", ".css": "text/css", ".js": "text/javascript"}
KINDS = frozenset(SHOWN) - {".vtt"}


def ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def is_what_it_says(name: str, content: bytes) -> bool:
    """Whether the content is of the kind that the name's ending promises; an SVG that would run
    something is not."""
    kind = ending(name)
    if kind in MARKS:
        return content.startswith(MARKS[kind])
    match kind:
        case ".webp" | ".wav":
            return content[:4] == b"RIFF" and content[8:12] == (
                b"WEBP" if kind == ".webp" else b"WAVE"
            )
        case ".mp4" | ".m4a":
            return content[4:8] == b"ftyp"
        case ".svg":
            return _quiet_svg(content)
    return True


def _quiet_svg(content: bytes) -> bool:
    try:
        root = qti.read_xml(content)
    except qti.QtiError:
        return False
    if root.name != "svg":
        return False
    for one in root.walk():
        if one.name.lower() in ACTIVE:
            return False
        for key, value in one.attributes.items():
            local = key.rpartition("}")[2].lower()
            if local.startswith("on") or value.strip().lower().startswith("javascript:"):
                return False
    return True


def keep(name: str, content: bytes, *, actor: Actor | None, at: datetime) -> StoredFile:
    """The kept file; the same content under the same name is the same file. ValidationError where
    the content is not what the name says."""
    short = PurePosixPath(name).name[-200:]
    if len(content) > LIMIT:
        raise ValidationError(
            _("“%(name)s” is larger than %(limit)s MB.")
            % {"name": short, "limit": LIMIT // MEGABYTE}
        )
    if not is_what_it_says(short, content):
        raise ValidationError(_("“%(name)s” is not what its name says it is.") % {"name": short})
    digest = keep_content(content)
    there = StoredFile.objects.filter(sha256=digest, name=short, removed_at=None).first()
    return there or StoredFile.objects.create(
        name=short,
        content_type=TYPES.get(ending(short), "application/octet-stream"),
        size=len(content),
        sha256=digest,
        stored_at=at,
        stored_by=actor.user_id if actor else None,
    )


def href_for(name: str, taken: set[str]) -> str:
    """An address inside an item for an uploaded file: Latin letters, free."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", PurePosixPath(name).stem).strip("-")[:60] or "file"
    number, wanted = 1, f"media/{stem}{ending(name)}"
    while wanted in taken:
        number += 1
        wanted = f"media/{stem}-{number}{ending(name)}"
    return wanted


def size_of(name: str, content: bytes) -> tuple[int, int]:
    """Width and height of a picture in pixels; (0, 0) where its header does not say."""
    match ending(name):
        case ".png" if len(content) >= 24:
            return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
        case ".gif" if len(content) > 10:
            return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")
        case ".jpg" | ".jpeg":
            return _jpeg(content)
        case ".webp":
            return _webp(content)
        case ".svg":
            return _svg(content)
    return 0, 0


def _jpeg(content: bytes) -> tuple[int, int]:
    place = 2
    while place + 9 < len(content) and content[place] == 0xFF:
        mark, size = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        if mark in {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB}:
            height = int.from_bytes(content[place + 5 : place + 7], "big")
            return int.from_bytes(content[place + 7 : place + 9], "big"), height
        place += 2 + size
    return 0, 0


def _webp(content: bytes) -> tuple[int, int]:
    if content[12:16] == b"VP8X" and len(content) >= 30:
        return (
            int.from_bytes(content[24:27], "little") + 1,
            int.from_bytes(content[27:30], "little") + 1,
        )
    if content[12:16] == b"VP8 " and len(content) >= 30:
        return (
            int.from_bytes(content[26:28], "little") & 0x3FFF,
            int.from_bytes(content[28:30], "little") & 0x3FFF,
        )
    if content[12:16] == b"VP8L" and len(content) >= 25:
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return 0, 0


def _svg(content: bytes) -> tuple[int, int]:
    root = qti.read_xml(content)
    sides = [re.match(r"\d{1,6}", root.get(side)) for side in ("width", "height")]
    if all(sides):
        return tuple(int(one[0]) for one in sides if one)  # type: ignore[return-value]
    box = root.get("viewBox").replace(",", " ").split()
    try:
        _left, _top, width, height = (round(float(part)) for part in box)
    except (ValueError, OverflowError):  # not four numbers: it says no size
        return 0, 0
    return (width, height) if min(width, height) > 0 and max(width, height) < 10**6 else (0, 0)


def content_of(file: StoredFile) -> bytes:
    return kept_content(file.sha256)
