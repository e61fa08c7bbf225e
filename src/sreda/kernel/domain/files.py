"""Taking in files and handing them out. Uploaded content is hostile."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse
from django.utils.translation import gettext as _

from sreda.kernel.contents import keep_in, place_in
from sreda.kernel.models import StoredFile
from sreda.kernel.permissions import Actor

MEGABYTE = 1024 * 1024

# What a kind's content begins with; a name that promises one and a content that is another
# is refused. Text kinds have no mark: they must decode and hold no NUL.
SIGNATURES: Mapping[str, tuple[str, tuple[bytes, ...]]] = {
    ".pdf": ("application/pdf", (b"%PDF-",)),
    ".png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    ".jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".docx": (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        (b"PK\x03\x04",),
    ),
    ".xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        (b"PK\x03\x04",),
    ),
    ".odt": ("application/vnd.oasis.opendocument.text", (b"PK\x03\x04",)),
    ".zip": ("application/zip", (b"PK\x03\x04", b"PK\x05\x06")),
    ".csv": ("text/csv", ()),
    ".txt": ("text/plain", ()),
}
EVIDENCE = frozenset({".pdf", ".png", ".jpg", ".jpeg", ".docx", ".xlsx", ".odt", ".txt", ".csv"})
TABLES = frozenset({".xlsx", ".csv", ".zip"})


def store(
    upload: UploadedFile[Any],
    *,
    at: datetime,
    actor: Actor | None,
    kinds: frozenset[str] = EVIDENCE,
    limit: int = 50 * MEGABYTE,
) -> StoredFile:
    """Keep an upload on disk, then its row; ValidationError says what is wrong with it."""
    name = clean_name(upload.name or "")
    suffix = Path(name).suffix.lower()
    if suffix not in kinds:
        raise ValidationError(
            _("“%(name)s”: files of this kind are not taken here. Allowed: %(kinds)s.")
            % {"name": name, "kinds": ", ".join(sorted(kinds))}
        )
    if (upload.size or 0) > limit:
        raise ValidationError(
            _("“%(name)s” is %(size)s MB; at most %(limit)s MB are taken.")
            % {"name": name, "size": (upload.size or 0) // MEGABYTE, "limit": limit // MEGABYTE}
        )
    content_type, marks = SIGNATURES[suffix]
    digest = hashlib.sha256()
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, draft = tempfile.mkstemp(dir=root, prefix="incoming-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for number, chunk in enumerate(upload.chunks()):
                wrong = not chunk.startswith(marks) if marks else b"\0" in chunk
                if wrong and (number == 0 or not marks):
                    raise ValidationError(
                        _("“%(name)s” is not what its name says it is.") % {"name": name}
                    )
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        target = place_of(digest.hexdigest())
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.replace(draft, target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return StoredFile.objects.create(
        name=name,
        content_type=content_type,
        size=upload.size or 0,
        sha256=digest.hexdigest(),
        stored_at=at,
        stored_by=actor.user_id if actor else None,
    )


def keep_content(content: bytes) -> str:
    """Keep bytes on disk under their SHA-256, which is returned; equal contents are kept once."""
    return keep_in(Path(settings.MEDIA_ROOT), content)


def kept_content(digest: str) -> bytes:
    """What `keep_content` kept; FileNotFoundError where the disk has lost it."""
    return place_of(digest).read_bytes()


def clean_name(name: str) -> str:
    """The last part of a path without control characters; never empty."""
    last = re.split(r"[\\/]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f]", "", last).strip(" .")[-200:] or "file"


def path_of(file: StoredFile) -> Path:
    return place_of(file.sha256)


def download(file: StoredFile) -> FileResponse:
    """An answer that saves the file and never shows it inside the site."""
    response = FileResponse(path_of(file).open("rb"), as_attachment=True, filename=file.name)
    response["Content-Type"] = file.content_type
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def place_of(digest: str) -> Path:
    return place_in(Path(settings.MEDIA_ROOT), digest)
