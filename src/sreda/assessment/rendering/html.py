"""What of an item's markup reaches a browser: lists of what is allowed, nothing else."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import urlsplit

from sreda.assessment.qti.words import words
from sreda.assessment.qti.xml import Element

BLOCKS = words("""
    address article aside blockquote div dd details dl dt figcaption figure footer h1 h2 h3 h4
    h5 h6 header hr li nav ol p pre section summary ul main
    """)
PHRASES = words("""
    a abbr b bdi bdo br cite code dfn em i kbd label mark q rb rp rt rtc ruby s samp small
    span strong sub sup time tt u var wbr big acronym
    """)
TABLES = words("""
    caption col colgroup table tbody td tfoot th thead tr
    """)
PICTURES = words("""
    svg g path rect circle ellipse line polyline polygon text tspan title desc defs
    lineargradient radialgradient stop clippath marker symbol
    """)
FORMULAS = words("""
    math maction annotation maligngroup malignmark menclose merror mfenced mfrac mglyph mi
    mlabeledtr mlongdiv mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms
    mscarries mscarry msgroup msline mspace msqrt msrow mstack mstyle msub msubsup msup mtable
    mtd mtext mtr munder munderover none semantics
    """)
VOID = words("""
    br hr wbr col
    """)
# With what is inside them.
DROPPED = words("""
    script style iframe frame frameset form embed applet base link meta template noscript
    button select textarea foreignobject animate set use annotation-xml
    """)
RENAMED = {"acronym": "abbr", "tt": "code", "big": "span", "main": "div", "label": "span"}
SVG_NAMES = {
    "lineargradient": "linearGradient",
    "radialgradient": "radialGradient",
    "clippath": "clipPath",
}
COMMON = words("""
    id class dir lang title role
    """)
OWN: dict[str, frozenset[str]] = {
    "a": frozenset({"href"}),
    "ol": frozenset({"start", "type", "reversed"}),
    "li": frozenset({"value"}),
    "td": frozenset({"colspan", "rowspan", "headers", "abbr"}),
    "th": frozenset({"colspan", "rowspan", "headers", "scope", "abbr"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
    "q": frozenset({"cite"}),
    "time": frozenset({"datetime"}),
    "details": frozenset({"open"}),
    "bdo": frozenset({"dir"}),
}
DRAWN = words("""
    viewBox width height x y x1 y1 x2 y2 cx cy r rx ry d points fill stroke stroke-width
    stroke-dasharray stroke-linecap stroke-linejoin fill-opacity stroke-opacity opacity
    transform text-anchor font-size font-weight font-family dominant-baseline offset stop-
    color stop-opacity gradientUnits preserveAspectRatio fill-rule clip-rule dx dy
    """)
MATHS = words("""
    accent accentunder align columnalign columnlines columnspacing columnspan depth display
    displaystyle fence form frame height largeop linethickness lspace mathvariant maxsize
    minsize movablelimits notation rowalign rowlines rowspacing rowspan rspace scriptlevel
    separator stretchy symmetric voffset width open close separators bevelled numalign
    denomalign
    """)
HIDING = re.compile(r"url\s*\(|expression|javascript", re.IGNORECASE)
SCHEMES = {"http", "https", "mailto"}


def start_tag(name: str, attributes: dict[str, str]) -> str:
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>"


def allowed(element: Element, prefix: str) -> dict[str, str]:
    """The attributes that may stay. Ids get the page's prefix; of classes those of QTI's shared
    vocabulary stay."""
    name = element.name.lower()
    own = OWN.get(name, frozenset())
    if name in PICTURES:
        own = DRAWN
    elif name in FORMULAS:
        own = MATHS
    kept: dict[str, str] = {}
    for key, value in element.attributes.items():
        if key == "class":
            if own_words := [word for word in value.split() if word.startswith("qti-")]:
                kept["class"] = " ".join(own_words)
        elif key == "id":
            kept["id"] = prefix + value
        elif key == "headers":
            kept["headers"] = " ".join(prefix + word for word in value.split())
        elif key.endswith("}lang"):
            kept["lang"] = value
        elif (key in COMMON or key in own or key.startswith("aria-")) and not HIDING.search(value):
            kept[key] = value
    return kept


def safe_link(address: str) -> str | None:
    """An address a learner may follow; None for anything that could run."""
    address = re.sub(r"[\x00-\x20]+", "", address)
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme:
        return address if parts.scheme.lower() in SCHEMES else None
    return address if address.startswith("#") else None
