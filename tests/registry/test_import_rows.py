"""The quick look at a row and the thorough one agree: a refused row always has its reason."""

from __future__ import annotations

from datetime import date

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sreda.kernel.tables import Headings
from sreda.registry.domain.people_rows import COLUMNS, KEYS, Dates, _faults, staged_lines

TODAY = date(2026, 11, 20)
HEADINGS = Headings({key: place for place, key in enumerate(KEYS)})
ODD = ["", " ", "\\", "\\N", "а\tб", "а\nб", "\u200b", "=1+1", "x" * 31, "x" * 101, "x" * 201]
DAYS = ["", "01.09.2020", "2013-05-02", "31.02.2013", "01.01.1800", "05.05.2027", "завтра"]
GOOD = {"external_id": "a-1", "family_name": "Белова", "given_name": "Анна", "role": "ученик",
        "organisation": "4200001", "since": "01.09.2020"}  # fmt: skip
SPECIAL = {
    "birth_date": st.sampled_from(DAYS),
    "since": st.sampled_from(DAYS),
    "until": st.sampled_from(DAYS),
    "sex": st.sampled_from(["", "ж", "М", "?"]),
    "role": st.sampled_from(["ученик", "Учитель", "", "царь"]),
}
ROWS = st.fixed_dictionaries(
    {
        key: st.just(GOOD.get(key, ""))
        | SPECIAL.get(key, st.sampled_from(ODD) | st.text(max_size=40))
        for key in KEYS
    }
)


@settings(max_examples=400, deadline=None)
@given(ROWS)
@example(GOOD | {key: "" for key in KEYS if key not in GOOD})
def test_a_row_is_either_taken_or_has_a_reason(cells):
    bad = []
    row = [cells[key] for key in KEYS]
    lines = list(staged_lines(iter([(2, row)]), HEADINGS, today=TODAY, bad=bad))
    assert len(lines) + len(bad) == 1
    if bad:
        assert bad[0][2], "refused without a reason"
    else:
        assert not _faults({k: v.strip() for k, v in cells.items()}, Dates(), TODAY.isoformat())
        assert lines[0].count("\t") == len(COLUMNS)
        assert lines[0].count("\n") == 1
