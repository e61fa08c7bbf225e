"""The shipped order as a pack to change in tests, and the people who work on it."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from tests.factories import seated

from sreda.kernel.api import Actor
from sreda.programme.domain import packs
from sreda.programme.models import PackLoad, Programme
from sreda.programme.pack import Pack, read_pack, shipped_pack, write_csv
from sreda.programme.pack.edit import set_cell
from sreda.registry.api import Role

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@cache
def kemerovo() -> Pack:
    pack = read_pack(shipped_pack("kemerovo-2018")).pack
    assert pack is not None
    return pack


def changed(table: str, key: str, column: str, text: str) -> Pack:
    return set_cell(kemerovo(), table, key, column, text)


def as_zip(pack: Pack, **files: bytes) -> SimpleUploadedFile:
    """The pack as an upload; `files` (by table) replace its own."""
    with tempfile.TemporaryDirectory() as folder:
        write_csv(pack, folder)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path(folder).iterdir()):
                archive.writestr(path.name, files.get(path.stem, path.read_bytes()))
    return SimpleUploadedFile("pack.zip", stream.getvalue(), content_type="application/zip")


def csv_of(pack: Pack, table: str) -> str:
    folder = Path(tempfile.mkdtemp())
    try:
        write_csv(pack, folder)
        return (folder / f"{table}.csv").read_text(encoding="utf-8")
    finally:
        shutil.rmtree(folder)


def staged(pack: Pack, *, actor: Actor | None = None, at: datetime = AT) -> PackLoad:
    folder = Path(tempfile.mkdtemp()) / "pack"
    try:
        write_csv(pack, folder)
        return packs.stage_path(path=folder, actor=actor, at=at)
    finally:
        shutil.rmtree(folder.parent)


def loaded(pack: Pack | None = None, *, at: datetime = AT) -> Programme:
    load = staged(pack or kemerovo(), at=at)
    programme = packs.confirm(load=load.pk, actor=None, at=at).programme
    assert programme is not None
    return programme


def operator() -> Actor:
    return seated(Role.OPERATOR)
