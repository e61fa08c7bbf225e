"""Files that items show or learners sent, served so that they cannot act inside the site."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404

from sreda.assessment.qti.values.types import File
from sreda.kernel.api import StoredFile, download, path_of

STORED = "stored:"  # before the id of a kept file, as the content of a response of type file

# What may be shown in the page; everything else is only downloaded.
SHOWN = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".vtt": "text/vtt",
}


def stored(file: File) -> UUID | None:
    """The kept file that a response of type file names."""
    try:
        text = file.data.decode()
        return UUID(text.removeprefix(STORED)) if text.startswith(STORED) else None
    except ValueError:
        return None


def served(file: StoredFile, shown: dict[str, str]) -> FileResponse:
    """Shown by its ending, never by what its sender said; an SVG runs nothing."""
    ending = file.name[file.name.rfind(".") :].lower() if "." in file.name else ""
    kind = shown.get(ending)
    if kind is None:
        return download(file)
    try:
        response = FileResponse(path_of(file).open("rb"), content_type=kind)
    except OSError as error:
        raise Http404 from error
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'; sandbox"
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response
