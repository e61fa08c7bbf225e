"""Every page that somebody can reach by links, at a desk's and at a phone's width."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

import pytest

from tests.browser.visitor import (
    PARTED,
    Visitor,
    access_faults,
    cut_words,
    faults_of,
    overflow,
    pattern,
    until,
)

pytestmark = pytest.mark.browser

ROLES = (
    "operator", "coordinator", "expert", "head", "administrator", "teacher", "parent", "pupil",
    "student",
)  # fmt: skip
PUBLIC = {
    "home", "organisations", "organisation", "municipalities", "open_data", "open_dataset", "about",
    "accessibility", "programme:public", "programme:public_list", "programme:public_findings",
}  # fmt: skip
CAP = 120
OTHER_MODES = {"dark": "theme=dark", "low vision": "lv=1&size=3&scheme=wb&spacing=2"}
SAMPLE = ("/", "/organisations/?q=лицей", "/programme/", "/account/login/")
CABINET_SAMPLE = (
    "/cabinet/", "/registry/organisations/", "/registry/people/add/", "/programme/manage/",
    "/programme/manage/findings/", "/programme/manage/list/?view=gantt", "/cabinet/security/",
    "/programme/manage/scenario/",
)  # fmt: skip


def walk(one: Visitor, starts: tuple[str, ...], visited: set[object]) -> tuple[Counter, list[str]]:
    """Visit what the links lead to: one page of a kind, two where the kind is new to this run.

    Whoever signed in skips the portal's pages: they are the same for all.
    """
    seen: Counter = Counter()
    wrong: list[str] = []
    queue, known = deque(one.site + start for start in starts), set()
    while queue and sum(seen.values()) < CAP:
        url = queue.popleft().partition("#")[0]
        kind = pattern(url)
        if kind is None or url in known or (one.role and kind[0] in PUBLIC):
            continue
        known.add(url)
        if seen[kind] and (kind in visited or "?" in url or seen[kind] > 1):
            continue
        seen[kind] += 1
        one.faults.clear()
        page = one.open(url)
        page.set_viewport_size({"width": 1440, "height": 900})
        found = list(faults_of(page, one.role))
        if one.status != 200:
            found.append(f"status {one.status}")
        queue.extend(one.links())
        if not seen[kind] - 1 and kind not in visited:
            found += access_faults(page)
        page.set_viewport_size({"width": 390, "height": 900})
        found += [f"at 390: {fault}" for fault in overflow(page)]
        found += [f"console: {fault}" for fault in one.faults]
        wrong += [f"{one.role or 'anonymous'} {url.removeprefix(one.site)}: {f}" for f in found]
    visited |= set(seen)
    return seen, wrong


@pytest.fixture(scope="session")
def visited() -> set[object]:
    """Kinds of pages seen in whatever role."""
    return set()


@pytest.mark.parametrize("role", ["", *ROLES])
def test_every_page_in_reach(
    visitor: Callable[..., Visitor], visited: set[object], role: str
) -> None:
    starts = ("/cabinet/",) if role else ("/", "/account/login/", "/account/password/reset/")
    seen, wrong = walk(visitor(role), starts, visited)
    assert not wrong, "\n" + "\n".join(wrong)
    assert len(seen) >= (7 if role else 12), seen


@pytest.mark.parametrize("mode", OTHER_MODES)
@pytest.mark.parametrize("role", ["", "operator"])
def test_dark_and_low_vision(visitor: Callable[..., Visitor], mode: str, role: str) -> None:
    one = visitor(role, mode=OTHER_MODES[mode])
    wrong = []
    for path in CABINET_SAMPLE if role else SAMPLE:
        page = one.open(path)
        wrong += [f"{path}: {fault}" for fault in access_faults(page)]
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            wrong += [f"{path} at {width}: {fault}" for fault in overflow(page)]
    wrong += [f"console: {fault}" for fault in one.faults]
    assert not wrong, "\n" + "\n".join(wrong)


LARGE = ("lv=1&size=1&spacing=2", "lv=1&size=2&spacing=2", "lv=1&size=3&spacing=3")


@pytest.mark.parametrize("mode", LARGE)
def test_large_type_keeps_words_whole(visitor: Callable[..., Visitor], mode: str) -> None:
    one = visitor("operator", mode=mode)
    wrong = []
    for path in (*SAMPLE, *CABINET_SAMPLE, "/programme/manage/budget/"):
        wrong += [f"{path}: {fault}" for fault in cut_words(one.open(path))]
    assert not wrong, "\n" + "\n".join(wrong)


def test_largest_type_on_a_phone_parts_words_by_hyphens_alone(
    visitor: Callable[..., Visitor],
) -> None:
    one = visitor("operator", mode=LARGE[-1], width=390)
    wrong = []
    for path in (*SAMPLE, *CABINET_SAMPLE, "/registry/people/", "/programme/findings/"):
        page = one.open(path)
        until(page, "document.querySelector('main').innerText.includes('\\u00ad')")
        wrong += [f"{path}: {fault}" for fault in (*page.evaluate(PARTED), *overflow(page))]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("mode", ["", *LARGE])
def test_every_page_of_the_menu_is_in_reach(visitor: Callable[..., Visitor], mode: str) -> None:
    one = visitor("operator", mode=mode)
    for width in (1440, 390):
        one.page.set_viewport_size({"width": width, "height": 900})
        page = one.open("/cabinet/")
        menu = page.locator(".sidebar")
        if not menu.is_visible():
            page.locator("a[data-drawer][href='#cabinet-nav']:visible").click()
        menu.locator("a[href='/cabinet/audit/']").click()  # the last one
        page.wait_for_url("**/cabinet/audit/")
