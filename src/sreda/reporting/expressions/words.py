"""What goes wrong in an expression, in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sreda.kernel.rules import RuleError

# Reasons of the sandbox, which speaks English; the groups go into the words.
_KNOWN = [
    (re.compile(pattern), words)
    for pattern, words in (
        (r"division by zero", gettext_noop("division by zero")),
        (
            r"the number is too large or has no value",
            gettext_noop("the number is too large or has no value"),
        ),
        (r"more than (\d+) steps", gettext_noop("takes more than %s steps")),
        (r"longer than ([\d.]+) s\b", gettext_noop("takes longer than %s s")),
        (r"longer than (\d+) characters", gettext_noop("is longer than %s characters")),
        (r"nested deeper than|nested too deeply", gettext_noop("is nested too deeply")),
        (r"cannot be read near: (.*)", gettext_noop("cannot be read: “%s”")),
        (r"there is no function (\S+)", gettext_noop("there is no function “%s”")),
        (r"there is no field (\S+)", gettext_noop("there is no field “%s”")),
        (
            r"(\w+) (\S+) (\w+) is not defined",
            gettext_noop("%s %s %s: values of these kinds do not go together"),
        ),
        (r"expected an? (\w+), got (\w+)", gettext_noop("expected: %s, got: %s")),
        (r"expected true or false, got (\w+)", gettext_noop("expected yes or no, got: %s")),
        (r"a value of more than (\d+)", gettext_noop("makes a value of more than %s items")),
    )
]
_KINDS = {
    "null": gettext_noop("nothing"),
    "bool": gettext_noop("yes or no"),
    "number": gettext_noop("a number"),
    "text": gettext_noop("text"),
    "date": gettext_noop("date"),
    "list": gettext_noop("list"),
    "map": gettext_noop("row"),
}


class ExpressionError(RuleError):
    """`reason` is already in words for people; `rule` names the cell or check."""

    def __str__(self) -> str:
        return in_words(self)


def in_words(error: RuleError) -> str:
    """The whole message: the place in the form, in the text, and what is wrong."""
    place = ""
    if error.line:
        place = _(", line %(line)s, column %(column)s") % {
            "line": error.line,
            "column": error.column,
        }
    return f"{error.rule}{place}: {reason(error)}" if error.rule else reason(error)


def reason(error: RuleError) -> str:
    """What is wrong, without the place."""
    if isinstance(error, ExpressionError):
        return error.reason
    for pattern, words in _KNOWN:
        if found := pattern.search(error.reason):
            parts = tuple(_(_KINDS[p]) if p in _KINDS else p for p in found.groups())
            return _(words) % parts if parts else _(words)
    return _("the expression cannot be evaluated")


def way_in_words(titles: Iterable[str]) -> str:
    """What leads to what: “A” → “B” → “A”."""
    return " → ".join(_("“%s”") % title for title in titles)
