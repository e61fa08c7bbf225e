"""A ZIP file whose directory is checked before anything is unpacked."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO, Any

from sreda.kernel.tables.faults import Unreadable
from sreda.kernel.tables.limits import DIRECTORY, MEGABYTE, Limits

DAMAGED = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError,
    RuntimeError, struct.error,
)  # fmt: skip
# The others unpack without a bound on what comes out at once.
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"\xfd7zXZ")
_END, _END_SIZE = b"PK\x05\x06", 22
_LOCATOR, _LOCATOR_SIZE = b"PK\x06\x07", 20


class Archive:
    """What it says of its parts; `check` has to be called before long parts are opened."""

    def __init__(self, file: IO[bytes], name: str, limits: Limits) -> None:
        self.name, self.limits = name, limits
        _check_directory(file, name)
        try:
            self._zip = zipfile.ZipFile(file)
        except DAMAGED as error:
            raise Unreadable("zip-broken", file=name) from error
        members = self._zip.infolist()
        if len(members) > limits.members:
            raise Unreadable("zip-members", file=name, limit=limits.members)
        for member in members:
            self._check_member(member)
        self.names = [member.filename for member in members]
        self.unpacked = sum(member.file_size for member in members)

    def _check_member(self, member: zipfile.ZipInfo) -> None:
        name = member.filename
        parts = name.replace("\\", "/").split("/")
        if ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0]:
            raise Unreadable("zip-path", file=self.name, member=name)
        if member.external_attr >> 28 == 0xA:
            raise Unreadable("symlink", file=self.name, member=name)
        if member.flag_bits & 0x1:
            raise Unreadable("zip-encrypted", file=self.name)
        if member.compress_type not in METHODS:
            raise Unreadable("zip-method", file=self.name, member=name)

    def check(self, sheets: Mapping[str, str] | None = None) -> None:
        """Refuse what unpacks to too much, and archives inside; `sheets` are titles of parts."""
        sheets = sheets or {}
        for member in self._zip.infolist():
            sheet = sheets.get(member.filename, "")
            most = self.limits.ratio * max(member.compress_size, 1)
            if member.file_size > MEGABYTE and member.file_size > most:
                raise Unreadable("zip-ratio", file=self.name, sheet=sheet, member=member.filename,
                                 limit=self.limits.ratio)  # fmt: skip
        if self.unpacked > self.limits.unpacked:
            longest = max(self._zip.infolist(), key=lambda member: member.file_size)
            raise Unreadable("unpacked-too-large", file=self.name,
                             sheet=sheets.get(longest.filename, ""),
                             limit=self.limits.unpacked // MEGABYTE)  # fmt: skip
        for name in self.names:
            with self.open(name) as part:
                begins = part.read(8)
            if begins.startswith(ARCHIVES) or name.lower().endswith(".zip"):
                raise Unreadable("zip-nested", file=self.name, member=name)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def open(self, name: str, most: int | None = None) -> io.BufferedReader:
        """A part, unpacked while it is read: never more of it than the directory says, and than
        `most`. KeyError when there is none."""
        member = self._zip.getinfo(name)
        if most is not None and member.file_size > most:
            raise Unreadable("part-too-large", file=self.name, member=name, limit=most // MEGABYTE)
        try:
            return io.BufferedReader(_Part(self._zip.open(member), member.file_size, self.name))
        except DAMAGED as error:
            raise Unreadable("zip-broken", file=self.name) from error


class _Part(io.RawIOBase):
    def __init__(self, member: IO[bytes], size: int, file: str) -> None:
        self._member, self._left, self._file = member, size, file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._member.read(len(buffer))
        except DAMAGED as error:
            raise Unreadable("zip-broken", file=self._file) from error
        self._left -= len(data)
        if self._left < 0:
            raise Unreadable("zip-broken", file=self._file)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._member.close()
        super().close()


def _check_directory(file: IO[bytes], name: str) -> None:
    """zipfile reads the whole directory into memory: it has to be short. What lies here may not
    be of the kind for more than 4 GB, where it would look for the directory's size elsewhere."""
    size = file.seek(0, io.SEEK_END)
    start = max(size - 0xFFFF - _END_SIZE - _LOCATOR_SIZE, 0)
    file.seek(start)
    tail = file.read()
    at = len(tail) - _END_SIZE
    if at < 0 or tail[at : at + 4] != _END or tail[-2:] != b"\0\0":
        at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_SIZE:
        raise Unreadable("zip-broken", file=name)
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    wide = tail[max(at - _LOCATOR_SIZE, 0) : at].startswith(_LOCATOR)
    file.seek(0)
    if wide or length > DIRECTORY:
        raise Unreadable("zip-broken", file=name)
