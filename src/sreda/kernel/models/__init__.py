"""What the kernel keeps: audit, outbox, history, files."""

from sreda.kernel.models.audit import AuditCheckpoint, AuditEntry, AuditHead
from sreda.kernel.models.base import Record
from sreda.kernel.models.files import StoredFile
from sreda.kernel.models.history import Revision
from sreda.kernel.models.notices import Notice
from sreda.kernel.models.outbox import Delivery, OutboxEvent

__all__ = [
    "AuditCheckpoint",
    "AuditEntry",
    "AuditHead",
    "Delivery",
    "Notice",
    "OutboxEvent",
    "Record",
    "Revision",
    "StoredFile",
]
