"""What a person typed, as words: forms, numbers, another keyboard layout, Latin letters."""

from __future__ import annotations

import re
from collections.abc import Iterable

# The same keys on a Russian keyboard.
_KEYS = str.maketrans(
    "qwertyuiop[]asdfghjkl;'zxcvbnm,.`" + 'QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>~',
    "йцукенгшщзхъфывапролджэячсмитьбюё" * 2,
)
# Longest first.
_LETTERS = {
    "shch": "щ",
    "sch": "щ",
    "zh": "ж",
    "kh": "х",
    "ts": "ц",
    "tz": "ц",
    "ch": "ч",
    "sh": "ш",
    "yu": "ю",
    "ju": "ю",
    "ya": "я",
    "ja": "я",
    "yo": "е",
    "jo": "е",
    "iy": "ий",
    "yy": "ый",
    "ey": "ей",
    "ay": "ай",
    "oy": "ой",
    "x": "кс",
    "w": "в",
    "q": "к",
    **dict(zip("abcdefghijklmnoprstuvyz", "абцдефгхийклмнопрстувыз", strict=True)),
    "'": "ь",
}
_TRANSLITERATION = re.compile("|".join(sorted(map(re.escape, _LETTERS), key=len, reverse=True)))
_ORDINAL = re.compile(r"(\d)-?(?:ый|ой|ий|ая|ое|ого|му|й|я|е|м)(?![а-я])")
_WORD = re.compile(r"\d+|[a-zа-я]+")
_LATIN = re.compile(r"[a-zA-Z]")
# Words of addresses and numbering that say nothing by themselves.
_EMPTY = frozenset(
    {"ул", "улица", "дом", "пр", "просп", "проспект", "пер", "переулок"}
    | {"гор", "город", "пос", "поселок", "село", "пгт", "дер", "деревня"}
    | {"номер", "им", "имени"}
)

MOST_WORDS = 10


def split(text: str) -> list[str]:
    """Words and numbers as the index has them; single letters and empty words left out."""
    folded = _ORDINAL.sub(r"\1 ", text.lower().replace("ё", "е"))
    found = [
        word
        for word in _WORD.findall(folded)
        if word.isdigit() or (len(word) > 1 and word not in _EMPTY)
    ]
    return list(dict.fromkeys(found))[:MOST_WORDS]


def readings(text: str) -> list[list[str]]:
    """The ways to read a text: as it stands; with its Latin words typed in the wrong layout;
    with them spelt in Latin letters. Most texts have one."""
    if not _LATIN.search(text):
        return [split(text)]
    chunks = text.split()

    def read(change: str) -> list[str]:
        parts: list[str] = []
        for chunk in chunks:
            if _LATIN.search(chunk):
                chunk = (
                    chunk.translate(_KEYS)
                    if change == "keys"
                    else _TRANSLITERATION.sub(lambda m: _LETTERS[m[0]], chunk.lower())
                )
            parts.append(chunk)
        return split(" ".join(parts))

    found: list[list[str]] = []
    for reading in (split(text), read("keys"), read("letters")):
        if reading and reading not in found:
            found.append(reading)
    return found


def lexemes(word: str, *, whole: bool = True, others: Iterable[str] = ()) -> str:
    """A tsquery of one word. A number must be the organisation's own, or the number of a house
    in a street that the `others` name. `whole` False also takes words that begin with it."""
    if word.isdigit():
        if len(word) > 4:
            return word
        streets = " | ".join(f"{other}:D" for other in others if not other.isdigit())
        return f"({word}:A | ({word}:D & ({streets})))" if streets else f"{word}:A"
    return word if whole else f"{word}:*"


def distance(left: str, right: str) -> int:
    """Slips between two words: letters changed, left out, added or swapped."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


def tolerated(word: str) -> int:
    """How many slips a word of this length may have."""
    return 1 if len(word) <= 4 else 2 if len(word) <= 8 else 3
