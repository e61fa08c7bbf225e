"""Learning records. Statements themselves lie in partitioned tables (migration 0001), read and
written in SQL; what stands beside them are models."""

from sreda.records.models.agreements import Agreement
from sreda.records.models.credentials import Credential
from sreda.records.models.documents import Document, DocumentKind
from sreda.records.models.figures import CountMark, DailyCount, FeedMark
from sreda.records.models.known import Activity, AgentName, Attachment, Verb

__all__ = [
    "Activity",
    "AgentName",
    "Agreement",
    "Attachment",
    "CountMark",
    "Credential",
    "DailyCount",
    "Document",
    "DocumentKind",
    "FeedMark",
    "Verb",
]
