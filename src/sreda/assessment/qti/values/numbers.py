"""Arithmetic: exact on rationals, IEEE double where a result is not rational.

Sums, products and quotients of decimal numbers are exact: 0.1 + 0.2 is 0.3, and 1/3 three times
is 1. What is shown is the nearest double in its shortest form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from .types import Number

# beyond that many bits an exact number is no longer worth its time
BITS = 2200
LARGEST = Fraction(int(1.7976931348623157e308))
FLOAT_WORDS = {"INF": math.inf, "+INF": math.inf, "-INF": -math.inf, "NaN": math.nan}


def parse_float(text: str) -> Number:
    """An xs:double, exactly. Raises `ValueError`."""
    text = text.strip()
    if text in FLOAT_WORDS:
        return FLOAT_WORDS[text]
    if not text or len(text) > 400 or "_" in text or "/" in text or not text.isascii():
        raise ValueError(text)
    near = float(text)
    if math.isnan(near) or math.isinf(near):
        if text.lstrip("+-")[:1].isdigit():
            return near
        raise ValueError(text)
    if near == 0 or abs(near) < 1e-300:
        return Fraction(near)
    return Fraction(text)


def parse_integer(text: str) -> int:
    text = text.strip()
    if len(text) > 400 or "_" in text or not text.isascii():
        raise ValueError(text)
    return int(text)


def exact(number: Number) -> Number:
    """A result of arithmetic as a QTI float: a `Fraction` while it is of a sensible size."""
    if type(number) is Fraction:
        if number.denominator.bit_length() > BITS or number.numerator.bit_length() > BITS:
            return as_float(number)
        return number
    if type(number) is int:
        return Fraction(number)
    return number


def as_float(number: Number) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def from_float(number: float) -> Number:
    """A double that came from outside (JSON): the decimal number that its shortest form says."""
    if math.isnan(number) or math.isinf(number):
        return number
    return Fraction(repr(number))


def finite(number: Number) -> bool:
    return type(number) is not float or math.isfinite(number)


def fits(number: Number) -> bool:
    """Within the range of a double."""
    return type(number) is float or -LARGEST <= number <= LARGEST


def total(numbers: Sequence[Number]) -> Number:
    """Integer where all are, else float."""
    if all(type(n) is int for n in numbers):
        whole = sum(int(n) for n in numbers)
        return whole if whole.bit_length() <= BITS else as_float(whole)
    if any(type(n) is float for n in numbers):
        return (
            math.fsum(map(as_float, numbers))
            if all(map(finite, numbers))
            else sum(map(as_float, numbers))
        )
    return exact(sum(numbers, Fraction(0)))


def times(numbers: Sequence[Number]) -> Number:
    made: Number = 1
    if any(type(n) is float for n in numbers):
        result = 1.0
        for one in numbers:
            result *= as_float(one)
        return result
    for one in numbers:
        made *= one
        if type(made) is int and made.bit_length() > BITS:
            made = as_float(made)
        elif type(made) is Fraction:
            made = exact(made)
    return made


def minus(a: Number, b: Number) -> Number:
    if type(a) is int and type(b) is int:
        return a - b
    if type(a) is float or type(b) is float:
        return as_float(a) - as_float(b)
    return exact(a - b)


def divided(a: Number, b: Number) -> Number | None:
    """Always a float; NULL by zero and where no finite number results."""
    if b == 0:
        return None
    if type(a) is float or type(b) is float:
        try:
            made = as_float(a) / as_float(b)
        except (ZeroDivisionError, OverflowError):
            return None
        return made if math.isfinite(made) else None
    quotient = Fraction(a) / Fraction(b)
    return exact(quotient) if fits(quotient) else None


def raised(a: Number, b: Number) -> Number | None:
    """a to the power of b, a float; NULL where no finite number results."""
    if type(a) is not float and type(b) is not float and b == int(b) and -1024 <= b <= 1024:
        if a == 0 and b < 0:
            return None
        size = max(Fraction(a).numerator.bit_length(), Fraction(a).denominator.bit_length())
        if size * abs(int(b)) <= BITS:
            made = Fraction(a) ** int(b)
            return made if fits(made) and (made == 0 or as_float(made) != 0) else None
    base, power = as_float(a), as_float(b)
    try:
        result = math.pow(base, power)
    except OverflowError:
        return None
    except (ValueError, ZeroDivisionError):
        return None
    if math.isnan(result) or (math.isinf(result) and math.isfinite(base) and math.isfinite(power)):
        return None
    if result == 0 and base != 0 and math.isfinite(base) and math.isfinite(power):
        return None
    return result


def truncated(number: Number) -> Number | None:
    if type(number) is float and not math.isfinite(number):
        return None if math.isnan(number) else number
    return math.trunc(number)


def rounded(number: Number) -> Number | None:
    """The integer n for values in [n-0.5, n+0.5)."""
    if type(number) is float and not math.isfinite(number):
        return None if math.isnan(number) else number
    return math.floor(Fraction(number) + Fraction(1, 2))


def rounded_to(number: Number, mode: str, figures: int) -> Number | None:
    """Digit by digit, as on paper: a deciding digit of 5 or more moves away from zero."""
    if type(number) is float and not math.isfinite(number):
        return None if math.isnan(number) else number
    if abs(figures) > 400:
        return None if figures < 0 else number
    # a double is rounded as the decimal number that it prints
    value = Fraction(repr(number)) if type(number) is float else Fraction(number)
    if mode == "significantFigures":
        if figures < 1:
            return None
        if value == 0:
            return Fraction(0)
        figures -= magnitude(value)
    elif figures < 0:
        return None
    scale = Fraction(10) ** figures
    digits = math.floor(abs(value) * scale + Fraction(1, 2))
    return (-1 if value < 0 else 1) * Fraction(digits) / scale


def magnitude(value: Fraction) -> int:
    """How many digits stand before the decimal point: 123.4 → 3, 0.05 → -1."""
    size = abs(value)
    guess = len(str(size.numerator)) - len(str(size.denominator))
    while size >= Fraction(10) ** guess:
        guess += 1
    while size < Fraction(10) ** (guess - 1):
        guess -= 1
    return guess


def float_text(number: Number) -> str:
    """The shortest text that reads back as the same double: 0.3, 1.0, 1.0E-7, INF."""
    value = as_float(number)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    return repr(value).replace("e", "E").replace("E-0", "E-").replace("E+", "E")
