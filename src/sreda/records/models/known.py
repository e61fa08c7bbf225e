"""What statements tell of activities, verbs and agents, put together; and attachments."""

from __future__ import annotations

from django.db import models


class Activity(models.Model):
    """`key` is that of `xapi.keys`; `definition` is JSON text (jsonb cannot hold all of JSON)."""

    key = models.BigIntegerField(primary_key=True)
    iri = models.TextField()
    definition = models.TextField()


class Verb(models.Model):
    key = models.BigIntegerField(primary_key=True)
    iri = models.TextField()
    display = models.TextField(blank=True)


class AgentName(models.Model):
    """A name under which statements knew an agent."""

    id = models.BigAutoField(primary_key=True)
    agent = models.BigIntegerField()
    name_key = models.BigIntegerField()
    name = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agent", "name_key"], name="agent_name_once")
        ]


class Attachment(models.Model):
    """The content lies in the kernel's store of files under its SHA-256."""

    sha2 = models.CharField(max_length=128, primary_key=True)
    sha256 = models.CharField(max_length=64)
    length = models.BigIntegerField()
