"""The body of an item as HTML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from sreda.assessment.qti import Item, ItemState
from sreda.assessment.qti.session.content import content_of
from sreda.assessment.qti.xml import Element
from sreda.assessment.rendering import html
from sreda.assessment.rendering.page import Page


@dataclass(frozen=True)
class Shown:
    """`body` with its inputs; `feedback` are the messages of the last attempt; `ends` says that
    the item has a button of its own that ends the attempt."""

    body: str
    feedback: str
    ends: bool


def render_item(item: Item, state: ItemState, page: Page) -> Shown:
    """HTML of an item in a state, as a person in `page.view` sees it."""
    from sreda.assessment.rendering.interactions import DRAW

    walker = Walker(item, state, page, DRAW)
    content = content_of(item, state, view=page.view)
    body = walker.inside(content.body) if content.body is not None else ""
    feedback = "".join(
        f'<section class="qti-feedback">'
        f"{f'<h3>{escape(m.title)}</h3>' if m.title else ''}{walker.inside(m.element)}</section>"
        for m in content.modal
    )
    ends = any(one.kind == "end-attempt" for one in item.interactions)
    return Shown(body, feedback, ends)


def render_stimulus(root: Element, page: Page) -> str:
    """HTML of a stimulus several items share."""
    body = root.find("qti-stimulus-body")
    return Walker(None, None, page, {}).inside(body) if body is not None else ""


Draw = Callable[["Walker", Element], str]


class Walker:
    """Writes elements; interactions are drawn by `draw`, by their kind, and elements with a
    meaning of their own by `special`, by their name."""

    def __init__(
        self,
        item: Item | None,
        state: ItemState | None,
        page: Page,
        draw: dict[str, Draw],
        special: dict[str, Draw] | None = None,
    ) -> None:
        self.item = item
        self.state = state
        self.page = page
        self.draw = draw
        self.special = SPECIAL if special is None else special

    def having(self, special: dict[str, Draw]) -> Walker:
        """A walker that draws these elements its own way, for choices inside a text."""
        return Walker(self.item, self.state, self.page, self.draw, self.special | special)

    def inside(self, element: Element) -> str:
        return "".join(
            escape(child, quote=False) if isinstance(child, str) else self.one(child)
            for child in element.children
        )

    def one(self, element: Element) -> str:
        name = element.name.lower()
        if name in html.DROPPED:
            return ""
        if name.endswith("-interaction"):
            kind = name.removeprefix("qti-").removesuffix("-interaction")
            draw = self.draw.get(kind)
            return draw(self, element) if draw else ""
        special = self.special.get(name)
        if special:
            return special(self, element)
        if name in html.BLOCKS | html.PHRASES | html.TABLES | html.PICTURES | html.FORMULAS:
            return self.plain(element, name)
        return self.inside(element)

    def plain(self, element: Element, name: str) -> str:
        attributes = html.allowed(element, self.page.prefix)
        if name == "a":
            address = html.safe_link(attributes.pop("href", ""))
            if address and address.startswith("#"):
                attributes["href"] = f"#{self.page.prefix}{address[1:]}"
            elif address:
                attributes |= {"href": address, "rel": "noopener noreferrer", "target": "_blank"}
            elif served := self.page.resource(element.get("href")):
                attributes |= {"href": served, "target": "_blank", "rel": "noopener"}
        shown = html.SVG_NAMES.get(name, html.RENAMED.get(name, name))
        if name == "svg":
            attributes.setdefault("role", "img")
        start = html.start_tag(shown, attributes)
        if name in html.VOID:
            return start
        text = f"{start}{self.inside(element)}</{shown}>"
        if name == "table":
            label = escape(_("Table"))
            return (
                f'<div class="table-scroll" tabindex="0" role="group" aria-label="{label}">'
                f"{text}</div>"
            )
        return text

    # ---- files

    def image(self, element: Element, href: str, text: str) -> str:
        """A picture; one that is not there says so in its place."""
        served = self.page.resource(href)
        if served is None:
            missing = escape(_("A picture is missing: %(name)s") % {"name": text or href})
            return f'<span class="qti-missing">{missing}</span>'
        size = {
            side: element.get(side) for side in ("width", "height") if element.get(side).isdigit()
        }
        return html.start_tag("img", {"src": served, "alt": text, "loading": "lazy", **size})

    def player(self, element: Element, kind: str, href: str, inner: str = "") -> str:
        served = self.page.resource(href)
        if served is None:
            missing = escape(_("A recording is missing: %(name)s") % {"name": href})
            return f'<span class="qti-missing">{missing}</span>'
        label = (
            element.get("aria-label")
            or element.get("title")
            or (
                pgettext("media", "Video")
                if kind == "video"
                else pgettext("media", "Sound recording")
            )
        )
        start = html.start_tag(
            kind, {"src": served, "preload": "metadata", "controls": "", "aria-label": label}
        )
        return f"{start}{inner}</{kind}>"


def picture(walker: Walker, element: Element) -> str:
    return walker.image(element, element.get("src"), element.get("alt"))


def thing(walker: Walker, element: Element) -> str:
    """<object>: a picture, a recording, or a file to open."""
    kind, href = element.get("type"), element.get("data")
    if kind.startswith("image/") or (not kind and href.lower().endswith(PICTURE_ENDINGS)):
        return walker.image(element, href, element.text.strip() or element.get("title"))
    if kind.startswith("video/"):
        return walker.player(element, "video", href)
    if kind.startswith("audio/"):
        return walker.player(element, "audio", href)
    served = walker.page.resource(href)
    text = escape(element.text.strip() or href)
    if served is None:
        return walker.inside(element)
    return html.start_tag("a", {"href": served, "target": "_blank"}) + f"{text}</a>"


def player(walker: Walker, element: Element) -> str:
    href = element.get("src")
    source = element.find("source")
    if not href and source is not None:
        href = source.get("src")
    tracks = ""
    for track in element.all("track"):
        served = walker.page.resource(track.get("src"))
        if served:
            kept = {k: track.get(k) for k in ("kind", "srclang", "label") if track.get(k)}
            tracks += html.start_tag("track", {"src": served, **kept})
    return walker.player(element, element.name.lower(), href, tracks)


def first_picture(walker: Walker, element: Element) -> str:
    """<picture>: its <img>."""
    image = element.find("img")
    return picture(walker, image) if image is not None else ""


def rubric(walker: Walker, element: Element) -> str:
    inner = walker.inside(element)
    return f'<div class="qti-rubric" role="note">{inner}</div>'


def feedback(walker: Walker, element: Element) -> str:
    if not walker.page.feedback:
        return ""
    tag = "span" if element.name == "qti-feedback-inline" else "div"
    return f'<{tag} class="qti-feedback">{walker.inside(element)}</{tag}>'


def stage(walker: Walker, element: Element) -> str:
    """Its picture is drawn by each interaction on it, with what is placed there."""
    ground = {"img", "object", "picture"}
    return "".join(walker.one(one) for one in element.elements if one.name not in ground)


def through(walker: Walker, element: Element) -> str:
    return walker.inside(element)


def nothing(walker: Walker, element: Element) -> str:
    return ""


PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp")
SPECIAL: dict[str, Draw] = {
    "img": picture,
    "object": thing,
    "audio": player,
    "video": player,
    "picture": first_picture,
    "source": nothing,
    "track": nothing,
    "param": nothing,
    "input": nothing,
    "qti-rubric-block": rubric,
    "qti-feedback-inline": feedback,
    "qti-feedback-block": feedback,
    "qti-stylesheet": nothing,
    "qti-catalog-info": nothing,
    "qti-prompt": through,
    "qti-position-object-stage": stage,
}
