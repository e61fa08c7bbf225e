"""Every pair of text and ground in the tokens, by WCAG 2.2: 4.5 for text, 3 for marks and edges."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "frontend/src/styles/_tokens.scss"
STYLES = TOKENS.parent
TONES = ("primary", "accent", "success", "warning", "danger", "info")
SOLID = {"primary": "primary", "accent": "accent-solid"}
TEXT_PAIRS = [
    *[(ink, ground) for ink in ("text", "text-muted", "link", "link-hover")
      for ground in ("bg", "surface", "sunken", "hover")],
    *[(f"{tone}-text", f"{tone}-subtle") for tone in (*TONES, "neutral")],
    *[(f"{tone}-text", ground) for tone in TONES for ground in ("bg", "surface")],
    *[(f"{tone}-fg", SOLID.get(tone, tone)) for tone in TONES],
    *[("text", f"{tone}-subtle") for tone in TONES],
    *[("link", f"{tone}-subtle") for tone in TONES],
    *[(ink, ground) for ink in ("deep-text", "deep-muted") for ground in ("deep", "deep-2")],
    ("primary-fg", "primary-hover"),
    ("accent-fg", "accent-hover"),
]  # fmt: skip
MARK_PAIRS = [
    *[("border-strong", ground) for ground in ("bg", "surface")],
    *[("focus", ground) for ground in ("bg", "surface", "sunken")],
    *[(f"chart-{i}", "surface") for i in range(1, 7)],
    ("accent", "surface"),
]

Colours = dict[str, str]


def mixin(source: str, name: str) -> str:
    found = re.search(rf"@mixin {name}(?:\([^)]*\))? {{\n(.*?)\n}}\n", source, re.S)
    assert found, name
    return found[1]


def schemes() -> dict[str, Colours]:
    source = TOKENS.read_text()
    found = {
        name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", mixin(source, name)))
        for name in ("light", "dark")
    }
    two = mixin(source, "two-colours")
    for name in ("black-on-white", "white-on-black", "blue"):
        ground, ink = re.findall(r"#[0-9a-f]{6}", mixin(source, name))
        colour = {"ground": ground, "ink": ink}
        plain = re.findall(r"^  --([\w-]+): #{\$(ground|ink)};", two, re.M)
        found[name] = {key: colour[value] for key, value in plain}
        for loop, body in re.findall(r"@each \$name in \(([^)]+)\) {\n(.*?)\n  }", two, re.S):
            for tone in loop.split(", "):
                for suffix, value in re.findall(r"--#{\$name}([\w-]*): #{\$(ground|ink)};", body):
                    found[name][tone + suffix] = colour[value]
        for i in range(1, 7):
            found[name][f"chart-{i}"] = ink
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mix(top: str, bottom: str, share: float) -> str:
    parts = [
        round(int(top[i : i + 2], 16) * share + int(bottom[i : i + 2], 16) * (1 - share))
        for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{p:02x}" for p in parts)


def test_the_formula_agrees_with_known_values() -> None:
    assert ratio("#ffffff", "#000000") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark", "black-on-white", "white-on-black", "blue"])
def test_text_and_marks_stand_out(scheme: str) -> None:
    colours = schemes()[scheme]
    weak = [
        f"{ink} on {ground}: {ratio(colours[ink], colours[ground]):.2f}"
        for pairs, least in ((TEXT_PAIRS, 4.5), (MARK_PAIRS, 3.0))
        for ink, ground in pairs
        if ratio(colours[ink], colours[ground]) < least
    ]
    assert not weak, "\n".join(weak)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_on_the_tile_map_can_be_read(scheme: str) -> None:
    colours = schemes()[scheme]
    levels = re.search(
        r"@each \$level, \$share in \(([^)]+)\)", (STYLES / "_charts.scss").read_text()
    )
    assert levels
    for level, share in re.findall(r"(\d): (\d+)%", levels[1]):
        ground = mix(colours["chart-1"], colours["surface"], int(share) / 100)
        ink = colours["primary-fg"] if int(level) >= 4 else colours["text"]
        assert ratio(ink, ground) >= 4.5, (level, ink, ground)


def test_colours_stand_only_in_the_tokens() -> None:
    """Other style sheets use token variables, save for the fixed samples named here."""
    fixed = {"_lowvision.scss", "_tabler.scss", "_print.scss", "_tokens.scss", "_layout.scss"}
    for sheet in STYLES.glob("*.scss"):
        if sheet.name not in fixed:
            assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?!\{)", sheet.read_text()), sheet.name
