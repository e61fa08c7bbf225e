"""Forms of the common kinds of items and the QTI they mean; each the other's way back.

`written` gives the XML of a form, `form_of` the form of an item that `written` could have made:
an item that says more has none and is edited as XML. `form` is the form itself, `faults` what is
wrong with one; each family of kinds has a room that writes and reads it, of `parts`.
"""

from sreda.assessment.domain.editing.faults import faults_of
from sreda.assessment.domain.editing.form import (
    BY_HAND,
    IN_TEXT,
    KINDS,
    MIXED,
    MOST,
    PICTURED,
    POINTED,
    SHAPES,
    ItemForm,
    Row,
    gaps_of,
    joined,
    most_of,
    start,
)
from sreda.assessment.domain.editing.reading import form_of
from sreda.assessment.domain.editing.writing import written

__all__ = [
    "BY_HAND",
    "IN_TEXT",
    "KINDS",
    "MIXED",
    "MOST",
    "PICTURED",
    "POINTED",
    "SHAPES",
    "ItemForm",
    "Row",
    "faults_of",
    "form_of",
    "gaps_of",
    "joined",
    "most_of",
    "start",
    "written",
]
