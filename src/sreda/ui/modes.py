"""How a visitor wants pages to look: theme and the version for low vision.

Kept in one cookie and applied on the server as attributes of <html>, so pages come out right at
once and without a script. Unknown keys and values are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self
from urllib.parse import parse_qsl, urlencode

COOKIE = "sreda_look"
COOKIE_AGE = 365 * 24 * 3600

CHOICES: dict[str, tuple[str, ...]] = {
    "theme": ("auto", "light", "dark"),
    "lv": ("0", "1"),
    "size": ("1", "2", "3"),
    "scheme": ("bw", "wb", "blue"),
    "spacing": ("1", "2", "3"),
    "images": ("on", "off"),
    "font": ("sans", "serif"),
}


@dataclass(frozen=True)
class Mode:
    theme: str = "auto"
    lv: str = "0"
    size: str = "1"
    scheme: str = "bw"
    spacing: str = "1"
    images: str = "on"
    font: str = "sans"

    @classmethod
    def read(cls, cookie: str) -> Self:
        try:
            return cls().change(dict(parse_qsl(cookie, max_num_fields=len(CHOICES))))
        except ValueError:
            return cls()

    def change(self, wanted: dict[str, str]) -> Self:
        """The mode with the valid ones of the wanted settings applied."""
        valid = {key: wanted[key] for key in CHOICES if wanted.get(key) in CHOICES[key]}
        return replace(self, **valid)

    def write(self) -> str:
        default = Mode()
        return urlencode(
            {
                field.name: value
                for field in fields(self)
                if (value := getattr(self, field.name)) != getattr(default, field.name)
            }
        )

    @property
    def low_vision(self) -> bool:
        return self.lv == "1"

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of <html>; the style sheet knows no other switch."""
        if not self.low_vision:
            return {"data-theme": self.theme}
        return {
            "data-theme": "light",
            "data-lv": "1",
            "data-size": self.size,
            "data-scheme": self.scheme,
            "data-spacing": self.spacing,
            "data-images": self.images,
            "data-font": self.font,
        }
