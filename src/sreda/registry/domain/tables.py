"""All kinds of tables that are taken over row by row."""

from __future__ import annotations

from sreda.registry.domain.guardians_import import GUARDIANS_TABLE
from sreda.registry.domain.municipalities_import import MUNICIPALITIES_TABLE
from sreda.registry.domain.organisations_import import ORGANISATIONS_TABLE
from sreda.registry.domain.qualifications_import import QUALIFICATIONS_TABLE

TABLES = {
    table.name: table
    for table in (
        MUNICIPALITIES_TABLE,
        ORGANISATIONS_TABLE,
        QUALIFICATIONS_TABLE,
        GUARDIANS_TABLE,
    )
}
