"""Light markup that authors type, and the XML it means; each the other's way back.

`**bold**`, `*italic*`, `$formula$` (LaTeX, or MathML that begins with <math), `![words](file)` for
a picture or a recording, an empty line between paragraphs; a backslash takes a sign literally.
`[[…]]` is a gap: what it means is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from sreda.assessment import qti

QTI = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
MATHML = "http://www.w3.org/1998/Math/MathML"
TEX = "application/x-tex"
SOUNDS = (".mp3", ".ogg", ".wav", ".m4a")
FILMS = (".mp4", ".webm")
TOKEN = re.compile(
    r"\\(?P<literal>[\\*$!\[\]])"
    r"|\*\*(?P<bold>(?:\\.|[^\\])+?)\*\*"
    r"|\*(?P<italic>(?:\\.|[^\\*])+?)\*"
    r"|\$(?P<formula>(?:\\\$|[^$])+?)\$"
    r"|!\[(?P<words>(?:\\.|[^\\\]])*)\]\((?P<href>[^()\s]+)\)"
    r"|\[\[(?P<gap>.+?)\]\]"
    r"|(?P<line>\n)",
    re.DOTALL,
)
Gap = Callable[[str], qti.Element]
GapText = Callable[[qti.Element], str | None]


class Foreign(Exception):
    """The XML says more than light markup can."""


def made(name: str, attributes: dict[str, str] | None = None, *children: qti.Element | str,
         ns: str = QTI) -> qti.Element:  # fmt: skip
    return qti.Element(name, attributes, *children, ns=ns)


def inline(text: str, gap: Gap | None = None) -> list[qti.Element | str]:
    """The text as children of a paragraph. ValidationError for a formula that is none."""
    found: list[qti.Element | str] = []
    last = 0
    for match in TOKEN.finditer(text):
        if match.start() > last:
            found.append(text[last : match.start()])
        last = match.end()
        kind = match.lastgroup
        if kind == "literal":
            found.append(match["literal"])
        elif kind == "bold":
            found.append(made("strong", {}, *inline(match["bold"], gap)))
        elif kind == "italic":
            found.append(made("em", {}, *inline(match["italic"], gap)))
        elif kind == "formula":
            found.append(formula(match["formula"].replace(r"\$", "$").strip()))
        elif kind == "href":
            found.append(medium(unescaped(match["words"]), match["href"]))
        elif kind == "line":
            found.append(made("br"))
        else:
            found.append(gap(match["gap"]) if gap else match[0])
    if last < len(text):
        found.append(text[last:])
    return _joined(found)


def _joined(children: list[qti.Element | str]) -> list[qti.Element | str]:
    found: list[qti.Element | str] = []
    for child in children:
        if isinstance(child, str) and found and isinstance(found[-1], str):
            found[-1] += child
        else:
            found.append(child)
    return found


def paragraphs(text: str, gap: Gap | None = None) -> list[qti.Element]:
    parts = re.split(r"\n[ \t]*\n+", text.replace("\r\n", "\n").strip())
    return [made("p", {}, *inline(part.strip(), gap)) for part in parts if part.strip()]


def medium(words: str, href: str) -> qti.Element:
    if href.lower().endswith(SOUNDS):
        return made("audio", {"src": href, "aria-label": words})
    if href.lower().endswith(FILMS):
        return made("video", {"src": href, "aria-label": words})
    return made("img", {"src": href, "alt": words})


def formula(text: str) -> qti.Element:
    if text.startswith("<math"):
        try:
            return _in_mathml(qti.read_xml(text.encode()))
        except qti.QtiError as error:
            raise ValidationError(
                _("The formula cannot be read: %(why)s") % {"why": error.issue.said(_)}
            ) from error
    from latex2mathml import converter, exceptions  # type: ignore[import-untyped]

    try:
        root = qti.read_xml(converter.convert(text).encode())
    except (*MISTAKES, *_mistakes(exceptions)) as error:
        raise ValidationError(
            _("The formula “%(text)s” cannot be read.") % {"text": text}
        ) from error
    row = made("mrow", {}, *root.children, ns=MATHML)
    note = made("annotation", {"encoding": TEX}, text, ns=MATHML)
    return _in_mathml(
        made("math", {}, made("semantics", {}, *_rows(row), note, ns=MATHML), ns=MATHML)
    )


MISTAKES: tuple[type[Exception], ...] = (qti.QtiError, ValueError, KeyError, IndexError)


def _mistakes(module: object) -> tuple[type[Exception], ...]:
    return tuple(
        one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Exception)
    )


def _rows(row: qti.Element) -> list[qti.Element]:
    only = row.elements
    return only if len(only) == 1 and only[0].name == "mrow" else [row]


def _in_mathml(root: qti.Element) -> qti.Element:
    for one in root.walk():
        one.ns = MATHML
    return root


def escaped(text: str) -> str:
    text = re.sub(r"([\\*$])", r"\\\1", text)
    return text.replace("[[", r"\[\[").replace("![", r"!\[")


def picture_words(text: str) -> str:
    """As they stand in `![…]`."""
    return escaped(text).replace("]", r"\]")


def unescaped(text: str) -> str:
    return re.sub(r"\\([\\*$!\[\]])", r"\1", text)


def typed(element: qti.Element, gap: GapText | None = None) -> str:
    """The markup that means the children of this element; Foreign where none does."""
    return "".join(_typed(element, gap))


def _typed(element: qti.Element, gap: GapText | None) -> Iterator[str]:
    for child in element.children:
        if isinstance(child, str):
            yield escaped(child)
            continue
        text = gap(child) if gap else None
        match child.name:
            case _ if text is not None:
                yield f"[[{text}]]"
            case "strong":
                yield f"**{typed(child, gap)}**"
            case "em":
                yield f"*{typed(child, gap)}*"
            case "br":
                yield "\n"
            case "img" | "audio" | "video":
                words = child.get("alt") or child.get("aria-label")
                yield f"![{picture_words(words)}]({child.get('src')})"
            case "math":
                yield f"${_formula_text(child)}$"
            case _:
                raise Foreign(child.name)


def _formula_text(element: qti.Element) -> str:
    for one in element.walk():
        if one.name == "annotation" and one.get("encoding") == TEX:
            return one.text.replace("$", r"\$")
    return qti.write_xml(element.copy()).decode().split("?>", 1)[1].strip().replace("$", r"\$")


def typed_paragraphs(elements: list[qti.Element], gap: GapText | None = None) -> str:
    if any(one.name != "p" for one in elements):
        raise Foreign("p")
    return "\n\n".join(typed(one, gap) for one in elements)
