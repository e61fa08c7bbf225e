"""The quality of a sitting's marking, computed from its results and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from sreda.assessment import qti
from sreda.assessment.domain.reading import item_of
from sreda.assessment.enums import MarkingStatus
from sreda.assessment.models import (
    ItemAnalysis,
    ItemResult,
    ItemVersion,
    Mark,
    Sitting,
    SittingAnalysis,
)
from sreda.assessment.quality import (
    Response,
    item_figures,
    remarks_on,
    test_figures,
    weighted_kappa,
)


def analyse(sitting: Sitting, *, at: datetime) -> SittingAnalysis:
    """Figures of the test and of each item, from everyone's last attempt that is wholly marked.
    Made anew each time; what was kept before is replaced."""
    last = (
        sitting.all_attempts.filter(marked_at__isnull=False)
        .order_by("person_id", "-number")
        .distinct("person_id")
        .values_list("pk", flat=True)
    )
    rows = list(
        ItemResult.objects.filter(attempt_id__in=list(last))
        .select_related("item_version")
        .order_by("attempt_id", "number")
    )
    by_attempt: dict[Any, dict[str, ItemResult]] = {}
    for row in rows:
        by_attempt.setdefault(row.attempt_id, {})[row.ref] = row
    refs = list(dict.fromkeys(row.ref for row in sorted(rows, key=lambda r: r.number)))
    table = [[_score(results.get(ref)) for ref in refs] for results in by_attempt.values()]
    totals = {pk: sum(map(_score, results.values())) for pk, results in by_attempt.items()}
    kappas = _agreements(sitting)
    with transaction.atomic():
        kept, _made = SittingAnalysis.objects.update_or_create(
            sitting=sitting,
            defaults={
                "computed_at": at,
                "attempts": len(by_attempt),
                "figures": {k: _plain(v) for k, v in asdict(test_figures(table)).items()},
            },
        )
        ItemAnalysis.objects.filter(sitting=sitting).delete()
        made = []
        for ref in refs:
            own = [results[ref] for results in by_attempt.values() if ref in results]
            made.append(_item(sitting, ref, own, totals, kappas.get(ref)))
        ItemAnalysis.objects.bulk_create(made)
    return kept


def _score(result: ItemResult | None) -> float:
    return float(result.score or 0) if result is not None else 0.0


def _plain(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def _item(
    sitting: Sitting,
    ref: str,
    rows: Sequence[ItemResult],
    totals: dict[Any, float],
    kappa: float | None,
) -> ItemAnalysis:
    version = rows[-1].item_version
    response, options = _options(version)
    responses = [
        Response(
            score=_score(row),
            total=totals[row.attempt_id],
            answered=row.answered,
            chosen=_chosen(row, response),
            seconds=row.milliseconds / 1000 if row.milliseconds else None,
        )
        for row in rows
    ]
    most = float(version.max_score or 0) or max((r.score for r in responses), default=0.0)
    found = item_figures(responses, max_score=most, options=[(c, r) for c, r, _t in options])
    texts = {code: text for code, _right, text in options}
    figures = {k: _plain(v) for k, v in asdict(found).items() if k != "choices"}
    figures["choices"] = [
        {k: _plain(v) for k, v in asdict(choice).items()} | {"text": texts[choice.code]}
        for choice in found.choices
    ]
    figures["kappa"] = _plain(kappa)
    remarks = [
        {"remark": str(told.remark), **{k: _plain(v) for k, v in told.figures.items()}}
        for told in remarks_on(found, kappa=kappa)
    ]
    return ItemAnalysis(
        sitting=sitting,
        item_version=version,
        ref=ref,
        answered=found.answered,
        figures=figures,
        remarks=remarks,
    )


def _options(version: ItemVersion) -> tuple[str, list[tuple[str, bool, str]]]:
    """(response, [(code, right, words)]) of an item that is one choice; nothing for others."""
    item = item_of(version)
    if len(item.interactions) != 1 or item.interactions[0].kind not in {"choice", "inline-choice"}:
        return "", []
    one = item.interactions[0]
    correct = item.declarations[one.response].correct
    right = qti.to_json(correct)
    keys = set(right) if isinstance(right, list) else {right}
    words = {e.get("identifier"): " ".join(e.text.split()) for e in one.element.walk()}
    return one.response, [
        (c.identifier, c.identifier in keys, words.get(c.identifier, "")[:200]) for c in one.choices
    ]


def _chosen(row: ItemResult, response: str) -> tuple[str, ...]:
    value = row.responses.get(response) if response else None
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _agreements(sitting: Sitting) -> dict[str, float | None]:
    """Weighted kappa by item: of two markers, or of the key with the humans who checked it."""
    marks = (
        Mark.objects.filter(result__attempt__sitting=sitting, replaced_at=None, round__in=(1, 2))
        .select_related("result")
        .order_by("result_id", "round")
    )
    by_result: dict[Any, list[Mark]] = {}
    for mark in marks:
        by_result.setdefault(mark.result_id, []).append(mark)
    pairs: dict[str, list[tuple[Decimal, Decimal]]] = {}
    for found in by_result.values():
        result = found[0].result
        if result.marking == MarkingStatus.AUTOMATIC and result.score is not None:
            pairs.setdefault(result.ref, []).append((result.score, found[0].score))
        elif len(found) == 2:
            pairs.setdefault(result.ref, []).append((found[0].score, found[1].score))
    return {
        ref: weighted_kappa([a for a, _b in both], [b for _a, b in both])
        for ref, both in pairs.items()
    }
