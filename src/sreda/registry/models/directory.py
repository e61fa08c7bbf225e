"""The directory's index. The database keeps it by triggers, so loads by COPY are indexed too."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from sreda.registry.models.organisations import Organisation


class DirectoryEntry(models.Model):
    """What an organisation is found by: weight A its names and number, B the place, C its kind
    in everyday words, D the address and site."""

    organisation = models.OneToOneField(
        Organisation, models.CASCADE, primary_key=True, related_name="directory"
    )
    number = models.PositiveIntegerField(null=True)
    title = models.TextField()
    words = SearchVectorField()

    class Meta:
        indexes = [
            GinIndex(fields=["words"], name="directory_words"),
            models.Index(fields=["title", "number"], name="directory_title"),
        ]


class DirectoryWord(models.Model):
    """A word met in an entry, from which typing mistakes are corrected. It may outlive the
    entry: a correction is offered only while an entry still has it."""

    word = models.TextField(primary_key=True)

    class Meta:
        indexes = [GinIndex(OpClass("word", "gin_trgm_ops"), name="directory_word_trigrams")]


class DirectoryChange(models.Model):
    """One row for each statement that changed what the public sees; rows are only added, so
    writers never wait for each other. (count, greatest id) is the version of the open data."""

    at = models.DateTimeField()
