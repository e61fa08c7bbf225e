"""The order of names in Russian lists.

`order_by("family_name__natural")`, and so in `Meta.ordering` and in a Listing's sorts: ё stands
with е, capitals with small letters, quotation marks do not count, and № 2 comes before № 10. The
database's own collation cannot be relied on for this: the built-in engine has none for Russian.
For long tables: `Index(Natural("family_name"), name=…)`.
"""

from __future__ import annotations

from django.db.models import CharField, TextField, Transform


class Natural(Transform):
    """The key to sort a text by; see `kernel_sort_key` in the migrations."""

    lookup_name = "natural"
    function = "kernel_sort_key"
    template = '(%(function)s(%(expressions)s) COLLATE "C")'
    output_field = TextField()


def register() -> None:
    """Make `__natural` known to every text field."""
    for field in (CharField, TextField):
        field.register_lookup(Natural)
