"""Indicators and dashboards that come with Sreda: the order's own, as data."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from sreda.kernel.api import Actor, audit
from sreda.reporting.domain.indicators import add_indicator
from sreda.reporting.models import Dashboard, Indicator, Widget

SHIPPED = Path(__file__).resolve().parent.parent / "shipped" / "monitoring"
EXACT = ("good_from", "bad_from")


@dataclass
class Shipped:
    """What was added; what was not and why (a dataset of an app that is not installed)."""

    indicators: list[str] = field(default_factory=list)
    dashboards: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def _read(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((SHIPPED / name).read_text(encoding="utf-8"))
    return found


@transaction.atomic
def add_shipped(*, at: datetime, actor: Actor | None) -> Shipped:
    """Add those that are not there; what a region has changed, or deleted and made anew, stays.

    Done again it adds nothing.
    """
    done = Shipped()
    known = set(Indicator.objects.values_list("code", flat=True))
    for item in _read("indicators.json"):
        if item["code"] in known:
            continue
        fields = {k: Decimal(v) if k in EXACT else v for k, v in item.items()}
        try:
            with transaction.atomic():
                add_indicator(fields=fields, at=at, actor=actor)
        except ValidationError as error:
            done.refused[item["code"]] = " ".join(error.messages)
        else:
            done.indicators.append(item["code"])
    present = set(Dashboard.objects.filter(code__isnull=False).values_list("code", flat=True))
    for item in _read("dashboards.json"):
        if item["code"] in present:
            continue
        made = Dashboard.objects.create(
            **{k: v for k, v in item.items() if k != "widgets"}, shared=True, made_at=at
        )
        Widget.objects.bulk_create(
            Widget(
                dashboard=made,
                number=number,
                kind=widget["kind"],
                title=widget["title"],
                months=widget.get("months", 12),
                sources=[{"indicator": code} for code in widget["indicators"]],
            )
            for number, widget in enumerate(item["widgets"], 1)
        )
        audit("reporting.dashboard.shipped", made, actor=actor, at=at, code=made.code)
        done.dashboards.append(item["code"])
    return done
