"""Taking over a table of people: staged, checked and compared as sets, applied in one transaction.

The good rows of a staged import wait in an unlogged table of their own. Applying it resolves
them anew against the registry of that moment; if a crash has emptied the table, the file itself
is read again. The same table applied twice changes nothing the second time.
"""

from sreda.registry.domain.people_import.showing import RowChange, bad_rows, bad_table, preview
from sreda.registry.domain.people_import.taking import apply_import, cancel_import, stage_people

__all__ = [
    "RowChange",
    "apply_import",
    "bad_rows",
    "bad_table",
    "cancel_import",
    "preview",
    "stage_people",
]
