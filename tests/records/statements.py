"""Statements to test with: a plain one, and changes to it."""

from __future__ import annotations

import copy
import uuid
from typing import Any

Json = dict[str, Any]

ANNA: Json = {"objectType": "Agent", "name": "Анна", "mbox": "mailto:anna@example.org"}
BORIS: Json = {"objectType": "Agent", "account": {"homePage": "https://sis.test", "name": "17"}}
CLASS: Json = {"objectType": "Group", "name": "7 Б", "member": [ANNA, BORIS]}
VERB: Json = {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"ru": "завершил"}}
LESSON: Json = {
    "objectType": "Activity",
    "id": "https://example.org/lessons/1",
    "definition": {"name": {"ru": "Дроби"}, "type": "http://adlnet.gov/expapi/activities/lesson"},
}
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
GONE = object()


def plain(**parts: Any) -> Json:
    """A small valid statement; `parts` replace or add its properties."""
    return copy.deepcopy({"actor": ANNA, "verb": VERB, "object": LESSON} | parts)


def full(**parts: Any) -> Json:
    """One with everything that 1.0.3 knows."""
    return plain(
        **{
            "id": str(uuid.uuid4()),
            "timestamp": "2024-05-06T07:08:09.123Z",
            "version": "1.0.3",
            "result": {
                "score": {"scaled": 0.5, "raw": 5, "min": 0, "max": 10},
                "success": True,
                "completion": False,
                "response": "да",
                "duration": "PT1H30M",
                "extensions": {"https://x.test/e": None},
            },
            "context": {
                "registration": str(uuid.uuid4()),
                "instructor": BORIS,
                "team": CLASS,
                "contextActivities": {"parent": [LESSON], "grouping": {"id": "https://x.test/g"}},
                "language": "ru-RU",
                "statement": {"objectType": "StatementRef", "id": str(uuid.uuid4())},
                "extensions": {"https://x.test/e": {"a": None}},
            },
        }
        | parts
    )


def changed(statement: Json, path: str, value: Any) -> Json:
    """With `value` at a path such as `context.contextActivities.parent.0.id`; GONE removes it."""
    made = copy.deepcopy(statement)
    *way, last = [int(part) if part.isdecimal() else part for part in path.split("/")]
    thing: Any = made
    for part in way:
        thing = thing[part] if isinstance(thing, list) else thing.setdefault(part, {})
    if value is GONE:
        del thing[last]
    else:
        thing[last] = value
    return made


def reference(statement_id: str, **parts: Any) -> Json:
    return plain(object={"objectType": "StatementRef", "id": statement_id}, **parts)


def voiding(statement_id: str, **parts: Any) -> Json:
    return reference(statement_id, verb={"id": VOIDED}, **parts)


def inside(**parts: Any) -> Json:
    """A statement about a SubStatement."""
    sub = {"objectType": "SubStatement", **plain(**parts)}
    return plain(object=sub)
