"""Figures of items and tests against values worked out by hand or published."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sreda.assessment.quality import (
    Remark,
    Response,
    item_figures,
    remarks_on,
    test_figures,
    weighted_kappa,
)
from sreda.assessment.quality.moments import correlation, quantile, variance

# Five people, four items.
SCORES = [[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_alpha_and_standard_error() -> None:
    found = test_figures(SCORES)
    # totals 4 3 2 1 0: variance 2.5; items' variances 0.2, 0.3, 0.3, 0.2
    assert found.alpha == pytest.approx(4 / 3 * (1 - 1.0 / 2.5))
    assert found.deviation == pytest.approx(2.5**0.5)
    assert found.error == pytest.approx((2.5 * (1 - 0.8)) ** 0.5)
    assert (found.mean, found.median, found.lowest, found.highest) == (2, 2, 0, 4)


@pytest.mark.parametrize("scores", [[], [[1, 2]], [[1], [0]], [[1, 1], [1, 1]]])
def test_too_little_has_no_alpha(scores: list[list[float]]) -> None:
    assert test_figures(scores).alpha is None


def test_moments() -> None:
    assert correlation([1, 2, 3, 4], [2, 4, 6, 8]) == pytest.approx(1)
    assert correlation([1, 2, 3, 4], [8, 6, 4, 2]) == pytest.approx(-1)
    assert correlation([1, 1, 1], [1, 2, 3]) is None
    assert variance([2, 4, 4, 4, 5, 5, 7, 9]) == pytest.approx(32 / 7)
    assert quantile([1, 2, 3, 4], 0.5) == 2.5
    assert quantile([], 0.5) is None


def people(count: int, rule: object = None) -> list[Response]:
    """The better half answers A, the right one; the others B."""
    return [
        Response(
            score=float(n >= count // 2),
            total=n + float(n >= count // 2),
            answered=True,
            chosen=("A",) if n >= count // 2 else ("B",),
            seconds=10.0 + n,
        )
        for n in range(count)
    ]


def test_an_item_that_tells_the_able_apart() -> None:
    found = item_figures(people(40), max_score=1, options=[("A", True), ("B", False), ("C", False)])
    assert found.difficulty == 0.5
    assert found.index == 1.0
    assert found.discrimination == pytest.approx(0.8665, abs=1e-3)
    assert found.omitted == 0
    assert [c.count for c in found.choices] == [20, 20, 0]
    assert found.choices[0].share_of_best == 1
    assert found.choices[1].share_of_best == 0
    assert found.median_seconds == 29.5
    assert [told.remark for told in remarks_on(found)] == [Remark.IDLE_OPTION]


def test_a_wrong_key_shows() -> None:
    turned = [
        Response(1 - r.score, r.total - r.score + 1 - r.score, True, r.chosen) for r in people(40)
    ]
    found = item_figures(turned, max_score=1, options=[("A", False), ("B", True)])
    told = [t.remark for t in remarks_on(found)]
    assert told[:2] == [Remark.NEGATIVE, Remark.RIVAL_OPTION]


def test_of_few_people_little_is_said() -> None:
    found = item_figures(people(6), max_score=1, options=[("A", True), ("B", False)])
    assert remarks_on(found) == []
    assert item_figures([], max_score=1).difficulty is None
    alone = item_figures([Response(1, 5, True)], max_score=1)
    assert remarks_on(alone, kappa=0.0) == []


def test_easy_hard_omitted_and_differing_markers() -> None:
    easy = item_figures([Response(1, 5, True)] * 30, max_score=1)
    hard = item_figures([Response(0, 5, n > 9) for n in range(30)], max_score=1)
    assert [t.remark for t in remarks_on(easy)] == [Remark.EASY]
    assert [t.remark for t in remarks_on(hard)] == [Remark.HARD, Remark.OMITTED]
    assert Remark.MARKERS_DIFFER in [t.remark for t in remarks_on(easy, kappa=0.3)]


def test_kappa_as_published() -> None:
    """2 × 2 example of Cohen (1960): for two marks quadratic weights give his kappa."""
    table = {(1, 1): 20, (1, 0): 5, (0, 1): 10, (0, 0): 15}
    pairs = [pair for pair, n in table.items() for _n in range(n)]
    left, right = ([Decimal(p[n]) for p in pairs] for n in (0, 1))
    assert weighted_kappa(left, right) == pytest.approx(0.4)
    same = [Decimal(n) for n in (1, 2, 3)]
    assert weighted_kappa(same, same) == 1
    assert weighted_kappa([Decimal(1)] * 3, [Decimal(1)] * 3) is None
    assert weighted_kappa([], []) is None
    with pytest.raises(ValueError, match="one length"):
        weighted_kappa(same, same[:2])
