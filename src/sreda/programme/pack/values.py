"""Printed text to values, and values to the way a Russian document prints them."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .schema import Column

Value = str | int | Decimal | date | bool | tuple[str, ...] | None

NUMBER = re.compile(r"([+-]?)(\d{1,3}(?: \d{3})+|\d{1,24})(?:[.,](\d{1,12}))?")
MONTHS = {
    name: index
    for index, names in enumerate(
        (
            "январь января", "февраль февраля", "март марта", "апрель апреля", "май мая",
            "июнь июня", "июль июля", "август августа", "сентябрь сентября",
            "октябрь октября", "ноябрь ноября", "декабрь декабря",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
QUARTERS = {"перв": 1, "втор": 2, "трет": 3, "четв": 4, "1": 1, "2": 2, "3": 3, "4": 4,
            "iv": 4, "iii": 3, "ii": 2, "i": 1}  # fmt: skip
YES = {"да", "yes", "true", "1", "+", "имеется", "есть"}
NO = {"нет", "no", "false", "0", "-", "отсутствует"}


class Unreadable(ValueError):
    """The text is not of its column's kind; `code` is that of the Issue."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def tidy(text: str) -> str:
    """Whitespace of every kind to single spaces, ends trimmed."""
    return " ".join(text.replace("\ufeff", " ").replace("\u200b", "").split())


def plain(text: str) -> str:
    """For comparing headings and choices: case, ё, quotes and full stops do not matter."""
    text = tidy(text).casefold().replace("ё", "е")
    return re.sub(r"[«»\"“”„.]", "", text).strip()


def parse(column: Column, text: str) -> Value:
    """The value of a non-empty printed text."""
    match column.kind:
        case "text":
            return text
        case "decimal":
            return parse_decimal(text)
        case "whole":
            return parse_whole(text)
        case "date":
            return parse_date(text)
        case "yes_no":
            return parse_yes_no(text)
        case "choice":
            return parse_choice(column, text)
        case "keys":
            return tuple(re.findall(r"[^\s;,]+", text))
    raise ValueError(column.kind)


def parse_decimal(text: str) -> Decimal:
    bare = tidy(text).removesuffix("%").strip().replace("−", "-")
    found = NUMBER.fullmatch(bare)
    if not found:
        raise Unreadable("number", value=text[:60])
    sign, head, tail = found.groups()
    return Decimal(f"{sign}{head.replace(' ', '')}.{tail or ''}".removesuffix("."))


def parse_whole(text: str) -> int:
    number = parse_decimal(text)
    if number != number.to_integral_value():
        raise Unreadable("whole", value=text[:60])
    if number < 0:
        raise Unreadable("negative", value=text[:60])
    return int(number)


def places(printed: str) -> int:
    """How many decimals are printed: 2 for «0,10»."""
    found = NUMBER.fullmatch(tidy(printed).removesuffix("%").strip().replace("−", "-"))
    return len(found.group(3) or "") if found else 0


def parse_date(text: str) -> date:
    words = re.findall(r"\d+|[а-яё]+", text.casefold())
    try:
        if found := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:\s*г\.?)?", text):
            return date(int(found[3]), int(found[2]), int(found[1]))
        if len(words) in {3, 4} and words[1] in MONTHS and words[3:] in ([], ["г"], ["года"]):
            return date(int(words[2]), MONTHS[words[1]], int(words[0]))
    except ValueError:
        pass
    raise Unreadable("date", value=text[:60])


def parse_yes_no(text: str) -> bool:
    if plain(text) in YES:
        return True
    if plain(text) in NO:
        return False
    raise Unreadable("yes-no", value=text[:60])


def parse_choice(column: Column, text: str) -> str:
    for key, title in column.choices:
        if plain(text) in {key, plain(title)}:
            return key
    known = ", ".join(title for _, title in column.choices)
    raise Unreadable("choice", value=text[:60], known=known)


@dataclass(frozen=True)
class Term:
    start: date | None = None
    due: date | None = None
    recurrence: str = ""


def parse_term(text: str, year: int | None) -> Term:
    """«15 марта 2019 г.», «Январь - февраль», «Четвертый квартал 2018 года», «Ежегодно»…

    A day is a time limit without a start; months and quarters are whole. What cannot be read
    gives an empty term, which a rule then reports.
    """
    said = plain(text).replace("–", "-").replace("—", "-")
    years = [int(found) for found in re.findall(r"\b(20\d\d)\b", said)]
    year = years[0] if years else year
    every = re.search(r"(?:один )?раз в (\d+) (?:год|лет)", said)
    if every or "ежегодно" in said:
        recurrence = f"{every[1]} years" if every else "1 year"
        if years:
            return Term(date(years[0], 1, 1), date(years[0], 12, 31), recurrence)
        return Term(recurrence=recurrence)
    try:
        return Term(due=parse_date(tidy(text)))
    except Unreadable:
        pass
    if year is None:
        return Term()
    if quarter := re.search(r"(\w+?)(?:ый|ой|ий|-й|й)? квартал", said):
        number = next((n for head, n in QUARTERS.items() if quarter[1].startswith(head)), 0)
        if number:
            last = number * 3
            return Term(date(year, last - 2, 1), date(year, last, monthrange(year, last)[1]))
    months = [MONTHS[word] for word in re.findall(r"[а-яё]+", said) if word in MONTHS]
    if months and len(months) <= 2 and months[0] <= months[-1]:
        return Term(
            date(year, months[0], 1), date(year, months[-1], monthrange(year, months[-1])[1])
        )
    if years and re.fullmatch(r"20\d\d(?: год| г)?", said):
        return Term(date(year, 1, 1), date(year, 12, 31))
    return Term()


def render(value: object, like: str = "") -> str:
    """A value as the document would print it; a number takes its decimals from `like`."""
    match value:
        case None:
            return ""
        case bool():
            return "да" if value else "нет"
        case int() | Decimal():
            number = Decimal(value)
            if like and places(like) > -number.as_tuple().exponent:  # type: ignore[operator]
                number = number.quantize(Decimal(1).scaleb(-places(like)))
            text = format(number, ",f").replace(",", "\u00a0" if "\u00a0" in like else " ")
            if number < 10_000 and not re.search(r"\d\s\d", like):
                text = text.replace(" ", "").replace("\u00a0", "")
            return text.replace(".", ",")
        case date():
            return value.strftime("%d.%m.%Y")
        case tuple() | list():
            return "; ".join(map(str, value))
    return str(value)
