"""A corrected copy of a pack."""

from __future__ import annotations

from collections.abc import Iterable

from sreda.programme.pack.edit import reorder, set_cell
from sreda.programme.pack.model import Pack

from .finding import Finding


def correct(pack: Pack, findings: Iterable[Finding]) -> Pack:
    """Applies the mechanical suggestions of `findings`; the others are left to people.

    Cells first, then the order of rows, since a rank follows from the cells.
    """
    findings = list(findings)
    for finding in findings:
        at = finding.location
        if finding.suggestion and at.row and at.column:
            pack = set_cell(pack, at.table, at.row, at.column, finding.suggestion)
    for finding in findings:
        if finding.order:
            pack = reorder(pack, finding.location.table, list(finding.order))
    return pack
