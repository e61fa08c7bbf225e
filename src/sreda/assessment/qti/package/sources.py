"""Where a package's files come from: a ZIP or a folder, both hostile."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Protocol
from urllib.parse import unquote, urlsplit

from ..issues import Issue, Issues, QtiError


@dataclass(frozen=True)
class PackageLimits:
    members: int = 20_000
    # of one XML file, and of any other when it is read
    xml_bytes: int = 20_000_000
    file_bytes: int = 1_000_000_000
    # of all files together
    unpacked: int = 4_000_000_000
    # unpacked to packed, of members above a megabyte, and of all together
    ratio: int = 200


LIMITS = PackageLimits()


class Source(Protocol):
    """Files by their path from the top, with / between."""

    name: str

    def names(self) -> frozenset[str]: ...
    def size(self, name: str) -> int: ...
    def read(self, name: str) -> bytes: ...


def open_source(
    path: Path | bytes, issues: Issues, limits: PackageLimits = LIMITS, name: str = ""
) -> Source:
    """The ZIP or folder at `path`, or the ZIP in these bytes; `name` is what issues call a ZIP that
    is kept under another. Raises `QtiError` where it cannot
    be read at all; single bad members are issues and left out."""
    if isinstance(path, bytes):
        return ZipSource(name or "package.zip", BytesIO(path), issues, limits)
    if path.is_dir():
        return FolderSource(path, issues, limits)
    if not path.is_file():
        # nothing there, or a pipe or a device, which may never end
        raise QtiError(Issue("not-found", file=printable(str(path))))
    return ZipSource(name or path.name, path, issues, limits)


class FolderSource:
    def __init__(self, path: Path, issues: Issues, limits: PackageLimits) -> None:
        self.name = path.name
        self.path = path
        self.limits = limits
        found: dict[str, Path] = {}
        for folder, folders, files in os.walk(path):
            folders.sort()
            for one in sorted((*files, *folders)):
                place = Path(folder) / one
                name = place.relative_to(path).as_posix()
                if printable(name) != name:
                    shown = printable(name)
                    issues.put(Issue("file-name", file=shown, params={"name": shown}))
                elif place.is_symlink():
                    issues.put(Issue("zip-link", file=name, params={"name": name}))
                elif place.is_file():
                    found[name] = place
            if len(found) > limits.members:
                raise QtiError(
                    Issue("zip-members", file=path.name, params={"limit": limits.members})
                )
        self.files = found

    def names(self) -> frozenset[str]:
        return frozenset(self.files)

    def size(self, name: str) -> int:
        return self.files[name].stat().st_size

    def read(self, name: str) -> bytes:
        _fits(name, self.size(name), self.limits)
        return self.files[name].read_bytes()


class ZipSource:
    def __init__(
        self, name: str, file: Path | IO[bytes], issues: Issues, limits: PackageLimits
    ) -> None:
        self.name = name
        self.limits = limits
        try:
            self.zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise QtiError(Issue("zip-broken", file=name)) from error
        members = self.zip.infolist()
        if len(members) > limits.members:
            raise QtiError(Issue("zip-members", file=name, params={"limit": limits.members}))
        self._bounded(members)
        self.members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            if member.flag_bits & 1:
                raise QtiError(Issue("zip-encrypted", file=name))
            if member.is_dir():
                continue
            self._take(member, issues)

    def _bounded(self, members: list[zipfile.ZipInfo]) -> None:
        """Many small members, or several names for the same bytes, are a bomb as one large is."""
        whole = sum(member.file_size for member in members)
        if whole > self.limits.unpacked:
            raise QtiError(
                Issue("too-large", file=self.name, params={"limit": self.limits.unpacked})
            )
        assert self.zip.fp is not None
        packed = max(self.zip.fp.seek(0, os.SEEK_END), 1)
        if whole > 1_000_000 and whole / packed > self.limits.ratio:
            raise QtiError(
                Issue(
                    "zip-ratio",
                    file=self.name,
                    params={"name": self.name, "limit": self.limits.ratio},
                )
            )

    def _take(self, member: zipfile.ZipInfo, issues: Issues) -> None:
        said = member.filename

        def refuse(code: str) -> None:
            issues.put(Issue(code, file=self.name, params={"name": said}))

        if stat.S_ISLNK(member.external_attr >> 16):
            refuse("zip-link")
            return
        name = safe_path(said)
        if name is None:
            refuse("zip-path")
            return
        if name in self.members:
            refuse("zip-twice")
            return
        packed = max(member.compress_size, 1)
        if member.file_size > 1_000_000 and member.file_size / packed > self.limits.ratio:
            raise QtiError(
                Issue(
                    "zip-ratio",
                    file=self.name,
                    params={"name": said, "limit": self.limits.ratio},
                )
            )
        self.members[name] = member

    def names(self) -> frozenset[str]:
        return frozenset(self.members)

    def size(self, name: str) -> int:
        return self.members[name].file_size

    def read(self, name: str) -> bytes:
        member = self.members[name]
        _fits(name, member.file_size, self.limits)
        try:
            with self.zip.open(member) as file:
                # the header may lie about the size
                data = file.read(member.file_size + 1)
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError,
                ValueError) as error:  # fmt: skip
            raise QtiError(Issue("zip-broken", file=name)) from error
        except Exception as error:
            # zlib and lzma have errors of their own
            raise QtiError(Issue("zip-broken", file=name)) from error
        if len(data) > member.file_size:
            raise QtiError(Issue("zip-broken", file=name))
        return data


class MemorySource:
    """Files held in memory: for a single file and for tests."""

    def __init__(self, name: str, files: Mapping[str, bytes]) -> None:
        self.name = name
        self.files = dict(files)

    def names(self) -> frozenset[str]:
        return frozenset(self.files)

    def size(self, name: str) -> int:
        return len(self.files[name])

    def read(self, name: str) -> bytes:
        return self.files[name]


def _fits(name: str, size: int, limits: PackageLimits) -> None:
    most = limits.xml_bytes if name.lower().endswith(".xml") else limits.file_bytes
    if size > most:
        raise QtiError(Issue("too-large", file=name, params={"limit": most}))


def printable(name: str) -> str:
    """The name of a file with what is no UTF-8 in it as “?”."""
    return name.encode(errors="replace").decode()


def safe_path(name: str) -> str | None:
    """The path from the top of the package, or None where it leads out of it."""
    if not name or "\0" in name or "\\" in name or name.startswith("/") or ":" in name[:3]:
        return None
    parts: list[str] = []
    for part in PurePosixPath(name).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts) or None


def is_remote(href: str) -> bool:
    """Fetched from elsewhere, or not a file at all (data:, mailto:)."""
    try:
        return bool(urlsplit(href).scheme) or href.startswith("//")
    except ValueError:
        return True


def resolve(base: str, href: str) -> str | None:
    """The file a link in the file `base` means; None where it leads outside. The part behind #
    and ? is left out, %20 is a blank."""
    path = unquote(href.split("#")[0].split("?")[0]).strip()
    if not path:
        return base
    if path.startswith("/"):
        return None
    folder = base.rpartition("/")[0]
    return safe_path(f"{folder}/{path}" if folder else path)
