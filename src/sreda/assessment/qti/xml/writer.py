"""XML text of a tree: namespaces declared at the root, texts kept to the letter."""

from __future__ import annotations

import re

from .node import Element
from .reader import XML

PREFIXES = {
    "http://www.w3.org/2001/XMLSchema-instance": "xsi",
    "http://www.w3.org/1998/Math/MathML": "m",
    "http://www.w3.org/2001/XInclude": "xi",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/2010/10/synthesis": "ssml",
    "http://www.w3.org/2001/10/synthesis": "ssml10",
    "http://www.w3.org/2000/svg": "svg",
    "http://ltsc.ieee.org/xsd/LOM": "lom",
    "http://www.imsglobal.org/xsd/imsmd_v1p2": "imsmd",
    "http://www.imsglobal.org/xsd/imsqti_metadata_v3p0": "qtimd",
    "http://www.imsglobal.org/xsd/imscp_extensionv1p2": "cpx",
}
# what XML 1.0 cannot hold at all
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_xml(root: Element, *, schema_location: str = "") -> bytes:
    """UTF-8 with a declaration; the root's namespace is the default one."""
    prefixes = _prefixes(root)
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    declared = {uri: prefix for uri, prefix in prefixes.items() if uri != XML}
    extra = "".join(
        f' xmlns{":" + prefix if prefix else ""}="{_quoted(uri)}"'
        for uri, prefix in declared.items()
        if uri
    )
    if schema_location:
        if "http://www.w3.org/2001/XMLSchema-instance" not in prefixes:
            prefixes["http://www.w3.org/2001/XMLSchema-instance"] = "xsi"
            extra += ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        extra += f' xsi:schemaLocation="{_quoted(schema_location)}"'
    # (element, index of the next child)
    stack: list[tuple[Element, int]] = []
    parts.append(_opening(root, prefixes, extra, skip_location=bool(schema_location)))
    if root.children:
        stack.append((root, 0))
    while stack:
        element, at = stack.pop()
        if at == len(element.children):
            parts.append(f"</{_name(element, prefixes)}>")
            continue
        stack.append((element, at + 1))
        child = element.children[at]
        if isinstance(child, str):
            parts.append(_escaped(child))
        else:
            parts.append(_opening(child, prefixes, ""))
            if child.children:
                stack.append((child, 0))
    return "".join(parts).encode()


def _prefixes(root: Element) -> dict[str, str]:
    used = {XML: "xml", root.ns: ""}
    taken = {"xml", ""}
    for element in root.walk():
        for uri in (
            element.ns,
            *(key[1:].split("}")[0] for key in element.attributes if key[0] == "{"),
        ):
            if uri in used and not (used[uri] == "" and uri != element.ns):
                continue
            if uri == "" or uri in used:
                continue
            prefix = PREFIXES.get(uri, "")
            if not prefix or prefix in taken:
                prefix = f"ns{len(taken)}"
            taken.add(prefix)
            used[uri] = prefix
    return used


def _opening(
    element: Element, prefixes: dict[str, str], extra: str, *, skip_location: bool = False
) -> str:
    words = [f"<{_name(element, prefixes)}{extra}"]
    if (
        element.ns == ""
        and prefixes.get("") != ""
        and (element.parent is None or element.parent.ns != "")
    ):
        # an element without namespace inside a default one
        words.append(' xmlns=""')
    for key, value in element.attributes.items():
        if skip_location and key.endswith("}schemaLocation"):
            continue
        name = key
        if key[0] == "{":
            uri, local = key[1:].split("}", 1)
            name = f"{prefixes[uri]}:{local}" if prefixes.get(uri) else local
        words.append(f' {name}="{_quoted(value)}"')
    words.append(">" if element.children else "/>")
    return "".join(words)


def _name(element: Element, prefixes: dict[str, str]) -> str:
    prefix = prefixes.get(element.ns, "")
    return f"{prefix}:{element.name}" if prefix else element.name


def _escaped(text: str) -> str:
    text = UNPRINTABLE.sub("�", text)
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    )


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
