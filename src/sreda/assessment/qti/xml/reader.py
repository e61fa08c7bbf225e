"""Expat with bounds: no entities, no external subsets, a known depth and size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from xml.parsers import expat

from ..issues import Issue, QtiError
from .node import Element

SEPARATOR = "\x1f"
XML = "http://www.w3.org/XML/1998/namespace"


@dataclass(frozen=True)
class XmlLimits:
    bytes: int = 20_000_000
    elements: int = 200_000
    depth: int = 200


LIMITS = XmlLimits()


def read_xml(data: bytes | str, *, file: str = "", limits: XmlLimits = LIMITS) -> Element:
    """The root element. Raises `QtiError` where the text is no XML, too large or declares
    entities; comments and processing instructions are left out."""
    raw = data.encode() if isinstance(data, str) else data
    if len(raw) > limits.bytes:
        raise QtiError(Issue("too-large", file=file, params={"limit": limits.bytes}))
    return _Reader(file, limits).read(raw)


class _Reader:
    def __init__(self, file: str, limits: XmlLimits) -> None:
        self.file = file
        self.limits = limits
        self.root: Element | None = None
        self.open: list[Element] = []
        self.count = 0
        self.texts: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=SEPARATOR)
        self.parser.buffer_text = True
        self.parser.namespace_prefixes = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.texts.append
        self.parser.EntityDeclHandler = self.entity

    def read(self, raw: bytes) -> Element:
        try:
            self.parser.Parse(raw, True)
        except expat.ExpatError as error:
            said = expat.errors.messages[error.code]
            raise self.refused(
                "xml-broken-at", line=error.lineno, reason=said, column=error.offset + 1
            ) from None
        except (ValueError, LookupError) as error:
            raise self.refused("xml-broken", reason=str(error)) from None
        finally:
            # the handlers are bound to us, and we to the parser
            self.parser.StartElementHandler = None
            self.parser.EndElementHandler = None
            self.parser.CharacterDataHandler = None
            self.parser.EntityDeclHandler = None
        if self.root is None:
            raise self.refused("xml-broken", reason="no element found")
        return self.root

    def refused(self, code: str, line: int | None = None, **params: object) -> QtiError:
        at = line or self.parser.CurrentLineNumber
        return QtiError(Issue(code, file=self.file, line=at, params=params))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > self.limits.elements:
            raise self.refused("xml-many", limit=self.limits.elements)
        if len(self.open) >= self.limits.depth:
            raise self.refused("xml-deep", limit=self.limits.depth)
        ns, local, printed = split(name)
        if attributes and SEPARATOR in "".join(attributes):
            attributes = {_attribute(key): value for key, value in attributes.items()}
        element = Element(
            local,
            attributes,
            ns=ns,
            line=self.parser.CurrentLineNumber,
            file=self.file,
            printed=printed,
        )
        if self.open:
            self.flush()
            self.open[-1].append(element)
        else:
            self.root = element
            self.texts.clear()
        self.open.append(element)

    def flush(self) -> None:
        if self.texts:
            self.open[-1].children.append("".join(self.texts))
            self.texts.clear()

    def end(self, name: str) -> None:
        self.flush()
        self.open.pop()

    def entity(self, name: str, *rest: object) -> None:
        raise self.refused("xml-entity", name=name)


@lru_cache(maxsize=2048)
def split(name: str) -> tuple[str, str, str]:
    """(namespace, local name, name as printed) of expat's name."""
    parts = name.split(SEPARATOR)
    if len(parts) == 1:
        return "", name, name
    if len(parts) == 2:
        return parts[0], parts[1], parts[1]
    return parts[0], parts[1], f"{parts[2]}:{parts[1]}"


def _attribute(name: str) -> str:
    parts = name.split(SEPARATOR)
    return name if len(parts) == 1 else f"{{{parts[0]}}}{parts[1]}"
