"""The audit log: append-only, chained at commit, signed."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from sreda.kernel.api import Actor, AuditEntry, Seat, audit
from sreda.kernel.domain import audit as log
from tests.factories import TODAY

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()


@pytest.fixture(autouse=True)
def own_home(settings, tmp_path):
    settings.HOME = tmp_path


@pytest.fixture
def truncate_guard():
    """On again for this test (see conftest)."""
    switch = "ALTER TABLE kernel_auditentry {} TRIGGER kernel_audit_no_truncate"
    with connection.cursor() as cursor:
        cursor.execute(switch.format("ENABLE"))
        yield
        cursor.execute(switch.format("DISABLE"))


def tamper(*statements):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kernel_auditentry DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("ALTER TABLE kernel_auditentry ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE kernel_auditentry DISABLE TRIGGER kernel_audit_no_truncate")


def write(count=4):
    for number in range(count):
        audit("test.thing.done", actor=Actor(on=TODAY, name="Анна"), at=NOW, number=number)


def kinds():
    return {(fault.kind, fault.position) for fault in log.verify()}


def test_an_untouched_log_is_whole():
    write()
    with transaction.atomic():
        write(3)
    assert list(log.verify()) == []
    assert list(AuditEntry.objects.order_by("position").values_list("position", flat=True)) == list(
        range(1, 8)
    )


def test_who_acts_is_named_with_the_post_if_there_is_one():
    def label(seat):
        actor = Actor(on=TODAY, name="Анна", seat=seat)
        return audit("test.thing.done", actor=actor, at=NOW).actor_label

    assert label(Seat("s", "teacher", "Учитель")) == "Анна (Учитель)"
    assert label(Seat("s", "teacher", "")) == label(None) == "Анна"


def test_what_is_rolled_back_leaves_no_hole():
    write(2)
    with pytest.raises(RuntimeError), transaction.atomic():
        write(2)
        raise RuntimeError
    write(1)
    assert kinds() == set()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE kernel_auditentry SET data = '{}' WHERE position = 2",
        "DELETE FROM kernel_auditentry WHERE position = 2",
        "TRUNCATE kernel_auditentry",
    ],
)
def test_the_database_refuses_changes(statement, truncate_guard):
    write()
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_edited_entry_is_found():
    write()
    tamper("UPDATE kernel_auditentry SET actor_label = 'Борис' WHERE position = 2")
    assert ("edited", 2) in kinds()


def test_reordered_entries_are_found():
    write()
    tamper(
        "UPDATE kernel_auditentry SET position = -2 WHERE position = 2",
        "UPDATE kernel_auditentry SET position = 2 WHERE position = 3",
        "UPDATE kernel_auditentry SET position = 3 WHERE position = -2",
    )
    assert {kind for kind, _ in kinds()} & {"order", "edited"}


@pytest.mark.parametrize("cut", [1, 2, 4])
def test_a_cut_entry_is_found(cut):
    write()
    tamper(f"DELETE FROM kernel_auditentry WHERE position = {cut}")
    assert {kind for kind, _ in kinds()} & {"missing", "cut"}


def test_a_cut_tail_with_a_forged_head_is_found_by_the_checkpoint():
    write()
    assert log.checkpoint(at=NOW)
    tamper(
        "DELETE FROM kernel_auditentry WHERE position = 4",
        "UPDATE kernel_audithead h SET position = 3, hash = e.hash"
        " FROM kernel_auditentry e WHERE e.position = 3",
        "DELETE FROM kernel_auditcheckpoint",  # the file beside the database still knows
    )
    assert ("cut", 4) in kinds()


def test_a_rewritten_chain_is_found_by_the_checkpoint():
    write()
    log.checkpoint(at=NOW)
    tamper(
        "UPDATE kernel_auditentry SET data = '{\"number\": 9}' WHERE position = 4",
        f"UPDATE kernel_auditentry e SET hash = {log.DIGEST_SQL} WHERE position = 4",
        "UPDATE kernel_audithead h SET hash = e.hash FROM kernel_auditentry e WHERE e.position = 4",
    )
    assert ("rewritten", 4) in kinds()


def test_an_entry_slipped_in_without_a_seal_is_found():
    write()
    tamper(
        "INSERT INTO kernel_auditentry (at, actor_label, action, object_type, object_id, data)"
        " VALUES (now(), '', 'x', '', '', '{}')"
    )
    assert ("unsealed", 0) in kinds()


def test_a_checkpoint_is_made_once_for_a_position():
    write()
    assert log.checkpoint(at=NOW)
    assert log.checkpoint(at=NOW) is None
