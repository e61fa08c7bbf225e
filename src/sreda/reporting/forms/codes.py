"""Codes out of titles, so that nobody has to invent them."""

from __future__ import annotations

import re
from collections.abc import Container

from sreda.reporting.forms.schema import RESERVED

_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z",
    "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
    "щ": "sch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
}  # fmt: skip


def code_from(title: str, taken: Container[str] = (), prefix: str = "f", most: int = 32) -> str:
    """A free code that reads like the title: «Всего учителей» → vsego_uchiteley."""
    letters = "".join(_LATIN.get(letter, letter) for letter in title.lower())
    words = re.sub(r"[^a-z0-9]+", "_", letters).strip("_")
    if not words or not words[0].isalpha():
        words = f"{prefix}_{words}".strip("_")
    base = words
    if len(words) > most:  # cut between words, where there is a place
        base = (words[:most].rpartition("_")[0] or words[:most]).rstrip("_")
    code, number = base, 1
    while code in taken or code in RESERVED:
        number += 1
        code = f"{base}_{number}"
    return code
