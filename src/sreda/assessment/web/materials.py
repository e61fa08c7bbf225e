"""Materials that items share, beside the item."""

from __future__ import annotations

from collections.abc import Callable

from sreda.assessment import qti
from sreda.assessment.models import ItemVersion, Stimulus
from sreda.assessment.queries.bank import stimuli_of
from sreda.assessment.rendering import Page, render_stimulus


def materials(version: ItemVersion, served: Callable[[Stimulus, str], str]) -> list[dict[str, str]]:
    """Each material's title and HTML; `served` gives the address of a file it shows."""
    found: list[dict[str, str]] = []
    for one in stimuli_of(version):
        there = set(one.resources.values_list("href", flat=True))

        def address(href: str, one: Stimulus = one, there: set[str] = there) -> str | None:
            return served(one, href) if href in there else None

        view = Page(prefix=f"s{len(found)}-", resource=address)
        root = qti.read_xml(one.content.encode())
        found.append({"title": one.title, "body": render_stimulus(root, view)})
    return found
