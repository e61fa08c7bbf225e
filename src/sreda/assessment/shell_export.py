"""`sreda qti export`: the bank, or some of it, as a package; this word alone needs the database."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable


class NotThere(Exception):
    """What was named is not in the bank; the text says it."""


def export(options: Namespace, _: Callable[[str], str]) -> tuple[int, int]:
    """Writes the package and says how many items and tests are in it.

    Versions are those that are given now; what has only a draft is left out of a whole bank and
    refused where it is named.
    """
    from django.db.models import F

    from sreda.assessment.domain.giving_out import package_of
    from sreda.assessment.models import ItemVersion, TestItem, TestVersion
    from sreda.registry.api import Organisation

    owner = None
    if options.organisation:
        owner = Organisation.objects.filter(code=options.organisation).first()
        if owner is None:
            text = _("There is no organisation with the number {number}.")
            raise NotThere(text.format(number=options.organisation))
    items = ItemVersion.objects.filter(item__organisation=owner, item__current=F("pk"))
    tests = TestVersion.objects.filter(test__organisation=owner, test__current=F("pk"))
    if options.item or options.test:
        items = items.filter(item__identifier__in=options.item)
        tests = tests.filter(test__identifier__in=options.test)
    else:
        items = items.filter(item__archived_at=None)
        tests = tests.filter(test__archived_at=None)
    chosen = list(items.select_related("item").order_by("item__identifier"))
    tested = list(tests.select_related("test").order_by("test__identifier"))
    found = {one.item.identifier for one in chosen}, {one.test.identifier for one in tested}
    missing = [*(set(options.item) - found[0]), *(set(options.test) - found[1])]
    if missing:
        text = _("In this bank nothing that is ready has the name: {names}")
        raise NotThere(text.format(names=", ".join(sorted(missing))))
    if not chosen and not tested:
        raise NotThere(_("There is nothing to give out."))
    content = package_of(chosen, tested, name=options.out.stem)
    with options.out.open("xb") as out:
        out.write(content)
    placed = TestItem.objects.filter(version__in=tested)
    within = {*(one.pk for one in chosen), *placed.values_list("item_version_id", flat=True)}
    return len(within), len(tested)
