"""The audit log: append-only, each entry sealed into a hash chain when its transaction commits.

The sealing is done by a deferred trigger (migration 0002), so that entries are chained in
commit order and a long transaction holds nobody up before its end.
"""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """One act: who did what to which object. Never changed, never deleted.

    Shown in the order of `position`, which the chain proves; it proves nothing about `id`.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True, db_index=True)
    actor_label = models.CharField(max_length=300, blank=True)
    action = models.CharField(max_length=120, db_index=True)
    object_type = models.CharField(max_length=80, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)
    position = models.BigIntegerField(null=True, unique=True, editable=False)
    previous_hash = models.BinaryField(null=True, editable=False)
    hash = models.BinaryField(null=True, editable=False)

    class Meta:
        indexes = [models.Index(fields=["object_type", "object_id", "-id"], name="audit_object")]


class AuditHead(models.Model):
    """The chain's newest link; one row, locked while an entry is sealed."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    position = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audit_one_head")]


class AuditCheckpoint(models.Model):
    """A signed statement that the chain had this hash at this position."""

    position = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField()
    at = models.DateTimeField()
    signature = models.BinaryField()
