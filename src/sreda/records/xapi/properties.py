"""The names of what a statement may say (2.2, 2.4), and a verb and a use with a meaning here."""

from __future__ import annotations

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"

STATEMENT = frozenset(
    {
        "id",
        "actor",
        "verb",
        "object",
        "result",
        "context",
        "timestamp",
        "stored",
        "authority",
        "version",
        "attachments",
    }
)
SUB_STATEMENT = frozenset(
    {
        "objectType",
        "actor",
        "verb",
        "object",
        "result",
        "context",
        "timestamp",
        "attachments",
    }
)
AGENT = frozenset(
    {
        "objectType",
        "name",
        "mbox",
        "mbox_sha1sum",
        "openid",
        "account",
    }
)
GROUP = AGENT | {"member"}
IFIS = ("mbox", "mbox_sha1sum", "openid", "account")
ACCOUNT = frozenset({"homePage", "name"})
VERB = frozenset({"id", "display"})
ACTIVITY = frozenset({"objectType", "id", "definition"})
DEFINITION = frozenset(
    {
        "name",
        "description",
        "type",
        "moreInfo",
        "interactionType",
        "correctResponsesPattern",
        "choices",
        "scale",
        "source",
        "target",
        "steps",
        "extensions",
    }
)
# 2.4.4.1: each kind of interaction, and the lists of components it may have.
INTERACTIONS: dict[str, frozenset[str]] = {
    "true-false": frozenset(),
    "choice": frozenset({"choices"}),
    "fill-in": frozenset(),
    "long-fill-in": frozenset(),
    "matching": frozenset({"source", "target"}),
    "performance": frozenset({"steps"}),
    "sequencing": frozenset({"choices"}),
    "likert": frozenset({"scale"}),
    "numeric": frozenset(),
    "other": frozenset(),
}
COMPONENTS = ("choices", "scale", "source", "target", "steps")
COMPONENT = frozenset({"id", "description"})
REFERENCE = frozenset({"objectType", "id"})
RESULT = frozenset(
    {
        "score",
        "success",
        "completion",
        "response",
        "duration",
        "extensions",
    }
)
SCORE = frozenset({"scaled", "raw", "min", "max"})
CONTEXT_1 = frozenset(
    {
        "registration",
        "instructor",
        "team",
        "contextActivities",
        "revision",
        "platform",
        "language",
        "statement",
        "extensions",
    }
)
CONTEXT_2 = CONTEXT_1 | {"contextAgents", "contextGroups"}
CONTEXT_ACTIVITIES = frozenset({"parent", "grouping", "category", "other"})
ATTACHMENT = frozenset(
    {
        "usageType",
        "display",
        "description",
        "contentType",
        "length",
        "sha2",
        "fileUrl",
    }
)
