"""Files made once for a version of the data and a day, and kept until the next."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings

from sreda.portal.opendata.formats import FORMATS
from sreda.portal.opendata.model import Dataset


@dataclass(frozen=True, slots=True)
class Kept:
    """A file on disk and the name of its state."""

    path: Path
    etag: str
    modified: float
    size: int


def state_of(dataset: Dataset, form: str, on: date) -> str:
    """Names the content: the same rows on the same day in the same shape give the same name."""
    shape = "|".join(f"{field.name}:{field.type}:{field.places}" for field in dataset.fields)
    told = f"{dataset.version()}|{on}|{form}|{shape}"
    return hashlib.sha256(told.encode()).hexdigest()[:24]


def file_of(dataset: Dataset, form: str, on: date) -> Kept:
    """The dataset's file in this format, made now unless it is there. Two processes may make
    it at once: each writes its own and the last puts the same content in place."""
    folder = Path(settings.HOME) / "opendata"
    state = state_of(dataset, form, on)
    path = folder / f"{dataset.name}.{state}.{form}"
    with contextlib.suppress(FileNotFoundError):
        return _kept(path, state)
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".making-")
    os.close(descriptor)
    making = Path(name)
    try:
        write, _content_type = FORMATS[form]
        write(dataset, dataset.table(on), making)
        making.replace(path)
    finally:
        making.unlink(missing_ok=True)
    for old in folder.glob(f"{dataset.name}.*.{form}"):
        if old != path:
            old.unlink(missing_ok=True)
    return _kept(path, state)


def _kept(path: Path, state: str) -> Kept:
    found = path.stat()
    return Kept(path, f'"{state}"', found.st_mtime, found.st_size)
