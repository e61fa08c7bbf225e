"""Codes out of titles, so that nobody has to invent them."""

from __future__ import annotations

import re
from collections.abc import Container

from sreda.reporting.forms.schema import RESERVED

_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh sch - y - e yu ya".split(),
        strict=True,
    )
)


def code_from(title: str, taken: Container[str] = (), prefix: str = "f") -> str:
    """A free code that reads like the title: «Всего учителей» → vsego_uchiteley."""
    letters = "".join(_LATIN.get(letter, letter) for letter in title.lower()).replace("-", "")
    words = re.sub(r"[^a-z0-9]+", "_", letters).strip("_")
    if not words or not words[0].isalpha():
        words = f"{prefix}_{words}".strip("_")
    base = words[:32].rstrip("_")
    code, number = base, 1
    while code in taken or code in RESERVED:
        number += 1
        code = f"{base}_{number}"
    return code
