"""Tags as people type them: titles by the kind of tag, divided by semicolons."""

from __future__ import annotations

from collections.abc import Mapping

from sreda.assessment.models import Tag

SCHEMES = ("subject", "grade", "competence", "topic", "free")
MOST = 20  # of each kind


def tags_named(typed: Mapping[str, str]) -> list[Tag]:
    """The tags of these titles; a title that is new makes a tag. Case does not tell them apart."""
    found: list[Tag] = []
    for scheme in SCHEMES:
        titles = [" ".join(one.split()) for one in typed.get(scheme, "").split(";")]
        for title in dict.fromkeys(one for one in titles if one):
            if len([one for one in found if one.scheme == scheme]) == MOST:
                break
            there = Tag.objects.filter(scheme=scheme, title__iexact=title[:200]).first()
            if there is None:
                there, _made = Tag.objects.get_or_create(
                    scheme=scheme, code=title.casefold()[:60], defaults={"title": title[:200]}
                )
            if there not in found:
                found.append(there)
    return found
