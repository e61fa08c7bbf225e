"""The kernel's public face."""

from sreda.kernel.copying import Copied, copy_rows, update_rows, upsert_rows
from sreda.kernel.counting import Counted, counted
from sreda.kernel.datasets import (
    Correction,
    Dataset,
    Dimension,
    Entry,
    Filters,
    Measure,
    Records,
    add_dataset,
    datasets,
    on_dataset,
)
from sreda.kernel.days import is_day_off
from sreda.kernel.domain.audit import audit
from sreda.kernel.domain.files import (
    EVIDENCE,
    TABLES,
    download,
    keep_content,
    kept_content,
    path_of,
    store,
)
from sreda.kernel.domain.history import history_of, remember, state_of, state_on
from sreda.kernel.domain.notices import (
    in_seat,
    led_to,
    mail,
    mark_read,
    notices_of,
    notify,
    notify_each,
    unread,
)
from sreda.kernel.domain.once import made_before
from sreda.kernel.domain.outbox import publish, publish_all, subscribe
from sreda.kernel.domain.retention import hold_content, remove_content
from sreda.kernel.domain.work import Told, Work, at_work, defer_once, worker_there
from sreda.kernel.events import Event
from sreda.kernel.ids import uuid7
from sreda.kernel.kept import Kept, ask_numbers, kept, number_of, numbers
from sreda.kernel.listing import Column, Filter, Listing
from sreda.kernel.models import AuditEntry, Notice, Record, Revision, StoredFile
from sreda.kernel.panels import NavItem, Panel, add_nav, add_panel, nav_for, panels_for
from sreda.kernel.permissions import (
    ANYONE,
    NOBODY,
    SIGNED_IN,
    Actor,
    Permissions,
    Refused,
    Rule,
    Seat,
    own,
    seated,
    where,
)
from sreda.kernel.prepared import Ask, together
from sreda.kernel.wording import action_words, name_actions, name_objects, object_words

__all__ = [
    "ANYONE",
    "EVIDENCE",
    "NOBODY",
    "SIGNED_IN",
    "TABLES",
    "Actor",
    "Ask",
    "AuditEntry",
    "Column",
    "Copied",
    "Correction",
    "Counted",
    "Dataset",
    "Dimension",
    "Entry",
    "Event",
    "Filter",
    "Filters",
    "Kept",
    "Listing",
    "Measure",
    "NavItem",
    "Notice",
    "Panel",
    "Permissions",
    "Record",
    "Records",
    "Refused",
    "Revision",
    "Rule",
    "Seat",
    "StoredFile",
    "Told",
    "Work",
    "action_words",
    "add_dataset",
    "add_nav",
    "add_panel",
    "ask_numbers",
    "at_work",
    "audit",
    "copy_rows",
    "counted",
    "datasets",
    "defer_once",
    "download",
    "history_of",
    "hold_content",
    "in_seat",
    "is_day_off",
    "keep_content",
    "kept",
    "kept_content",
    "led_to",
    "made_before",
    "mail",
    "mark_read",
    "name_actions",
    "name_objects",
    "nav_for",
    "notices_of",
    "notify",
    "notify_each",
    "number_of",
    "numbers",
    "object_words",
    "on_dataset",
    "own",
    "panels_for",
    "path_of",
    "publish",
    "publish_all",
    "remember",
    "remove_content",
    "seated",
    "state_of",
    "state_on",
    "store",
    "subscribe",
    "together",
    "unread",
    "update_rows",
    "upsert_rows",
    "uuid7",
    "where",
    "worker_there",
]
