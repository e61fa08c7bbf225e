"""The way a batch of statements takes: check, prepare, store.

It is given a psycopg connection inside a transaction and uses nothing of Django, so that any
process may write: `prepare(…)` outside the transaction, `store(…)` within, `Stored.remember()`
after the commit. What was acknowledged is committed; what was not left nothing.

Two batches with the same id, or one that refers to what the other brings, meet at the row of the
id in `records_statementid`: the later waits for the earlier. Rows are taken in order of their ids.
"""

from sreda.records.domain.writing.batch import (
    Conflict,
    NotYours,
    Prepared,
    Source,
    Stored,
    fit,
    prepare,
    without_collecting,
)
from sreda.records.domain.writing.linking import keys_of_kept, leads
from sreda.records.domain.writing.storing import AGAIN, ATTEMPTS, LARGE, forget_months, store

__all__ = [
    "AGAIN",
    "ATTEMPTS",
    "LARGE",
    "Conflict",
    "NotYours",
    "Prepared",
    "Source",
    "Stored",
    "fit",
    "forget_months",
    "keys_of_kept",
    "leads",
    "prepare",
    "store",
    "without_collecting",
]
