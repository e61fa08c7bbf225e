"""A part's XML as a stream of events, with bounds on what the parser holds by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO
from xml.parsers import expat

from sreda.kernel.tables.faults import Unreadable
from sreda.kernel.tables.limits import DEPTH, NAMES, TOKEN

CHUNK = 64 * 1024
Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]


class Local(dict[str, str]):
    """Name in the file -> the name without its prefix."""

    def __missing__(self, name: str) -> str:
        found = self[name] = name.rpartition(":")[2]
        return found


def events(
    part: IO[bytes],
    fault: Callable[..., Unreadable],
    *,
    start: Start,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Calls the handlers; between chunks gives way, so that what was found can be taken.

    Document types, and with them entities, are refused. Names come as written, with prefix.
    `start` is to refuse what is nested deeper than DEPTH: see `too_deep`.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    if end:
        parser.EndElementHandler = end
    if text:
        parser.CharacterDataHandler = text

    def doctype(*_rest: object) -> None:
        raise fault("xml-entities")

    parser.StartDoctypeDeclHandler = doctype
    fed = 0
    try:
        while chunk := part.read(CHUNK):
            parser.Parse(chunk)
            fed += len(chunk)
            # A tag, a comment, an attribute is held until it ends; names are held for good.
            if fed - parser.CurrentByteIndex > TOKEN or len(parser.intern) > NAMES:
                raise fault("xml-deep")
            yield
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, UnicodeError) as error:
        raise fault("workbook-broken") from error
    yield


def read_all(
    part: IO[bytes], fault: Callable[..., Unreadable], start: Callable[[str, Attributes], None]
) -> None:
    """The elements of a short part, by their local names."""
    depth, local = 0, Local()

    def opened(name: str, attributes: Attributes) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH:
            raise fault("xml-deep")
        start(local[name], {local[key]: value for key, value in attributes.items()})

    def closed(_name: str) -> None:
        nonlocal depth
        depth -= 1

    for _ in events(part, fault, start=opened, end=closed):
        pass
