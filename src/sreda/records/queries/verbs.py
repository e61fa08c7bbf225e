"""What verbs of ADL's vocabulary are called where nobody has said it in the reader's language."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

ADL = "http://adlnet.gov/expapi/verbs/"
WORDS = {
    f"{ADL}answered": pgettext_lazy("verb", "answered"),
    f"{ADL}asked": pgettext_lazy("verb", "asked"),
    f"{ADL}attempted": pgettext_lazy("verb", "attempted"),
    f"{ADL}attended": pgettext_lazy("verb", "attended"),
    f"{ADL}commented": pgettext_lazy("verb", "commented"),
    f"{ADL}completed": pgettext_lazy("verb", "completed"),
    f"{ADL}exited": pgettext_lazy("verb", "exited"),
    f"{ADL}experienced": pgettext_lazy("verb", "experienced"),
    f"{ADL}failed": pgettext_lazy("verb", "failed"),
    f"{ADL}imported": pgettext_lazy("verb", "imported"),
    f"{ADL}initialized": pgettext_lazy("verb", "initialized"),
    f"{ADL}interacted": pgettext_lazy("verb", "interacted"),
    f"{ADL}launched": pgettext_lazy("verb", "launched"),
    f"{ADL}mastered": pgettext_lazy("verb", "mastered"),
    f"{ADL}passed": pgettext_lazy("verb", "passed"),
    f"{ADL}preferred": pgettext_lazy("verb", "preferred"),
    f"{ADL}progressed": pgettext_lazy("verb", "progressed"),
    f"{ADL}registered": pgettext_lazy("verb", "registered"),
    f"{ADL}responded": pgettext_lazy("verb", "responded"),
    f"{ADL}resumed": pgettext_lazy("verb", "resumed"),
    f"{ADL}scored": pgettext_lazy("verb", "scored"),
    f"{ADL}shared": pgettext_lazy("verb", "shared"),
    f"{ADL}suspended": pgettext_lazy("verb", "suspended"),
    f"{ADL}terminated": pgettext_lazy("verb", "terminated"),
    f"{ADL}voided": pgettext_lazy("verb", "voided"),
}


def word(iri: str) -> str:
    """The verb in the reader's language, else its IRI."""
    return str(WORDS.get(iri, iri))
