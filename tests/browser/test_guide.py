"""The user guide shows the pictures it has, and has the pictures it shows."""

from __future__ import annotations

import re
import struct

from tests.browser.visitor import IMAGES, ROOT

GUIDE = ROOT / "docs/guide"
PICTURE = re.compile(r"!\[([^\]]*)\]\(img/([\w.-]+)\)")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")


def test_every_picture_is_shown_and_every_shown_one_is_there() -> None:
    shown = {}
    for page in GUIDE.glob("*.md"):
        for words, name in PICTURE.findall(page.read_text(encoding="utf-8")):
            assert words.strip(), f"{page.name}: {name} has no words"
            shown[name] = page.name
    there = {path.name for path in IMAGES.iterdir()}
    assert set(shown) == there


def test_pictures_are_small() -> None:
    total = 0
    for path in IMAGES.iterdir():
        data = path.read_bytes()
        width, _height = struct.unpack(">II", data[16:24])
        assert width == 1200, path.name
        assert len(data) <= 120_000, path.name
        total += len(data)
    assert total <= 4_000_000


def test_links_of_the_guide_lead_somewhere() -> None:
    pages = sorted(GUIDE.glob("*.md"))
    assert len(pages) >= 9
    linked = set()
    for page in pages:
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            found = (page.parent / target).resolve()
            assert found.exists(), f"{page.name}: {target}"
            linked.add(found)
    assert {p for p in pages if p.name != "README.md"} <= linked
