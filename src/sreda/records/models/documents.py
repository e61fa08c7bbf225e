"""Documents that sources keep here: state of an activity, profiles of activities and agents."""

from __future__ import annotations

from django.db import models


class DocumentKind(models.TextChoices):
    STATE = "state"
    ACTIVITY = "activity"
    AGENT = "agent"


class Document(models.Model):
    """`place` is a digest of kind, activity and agent, `key` of these with registration and
    name: texts of any length are found by an index of one size."""

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=64, unique=True)
    place = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=DocumentKind.choices)
    activity = models.TextField(blank=True)
    agent = models.TextField(blank=True)
    registration = models.UUIDField(null=True)
    name = models.TextField()
    content_type = models.CharField(max_length=200)
    content = models.BinaryField()
    etag = models.CharField(max_length=40)
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["place", "updated_at"], name="document_place")]
