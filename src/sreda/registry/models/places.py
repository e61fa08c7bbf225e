"""Whose people are whose. The database keeps it by triggers, so loads by COPY are in it too."""

from __future__ import annotations

from django.db import models

from sreda.registry.models.organisations import Municipality
from sreda.registry.models.people import Person


class PersonPlace(models.Model):
    """A person who works or learns in a municipality, or did: each pair once, whatever the
    number of posts and enrolments. A coordinator's list is read by it."""

    pk = models.CompositePrimaryKey("municipality", "person")
    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    person = models.ForeignKey(Person, models.CASCADE, related_name="places", db_constraint=False)


class PlaceCount(models.Model):
    """How many people a municipality gained or lost by one statement; its people are the sum.
    Rows are only added and now and then folded, so writers never wait for each other.
    Without a municipality: records of the whole region, those merged into others left out."""

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="+", null=True, db_constraint=False
    )
    people = models.IntegerField()
