"""p95 of the directory's search beside one indexed SELECT, in one run on one database.

    SREDA_HOME=… python bench/directory_search.py [rounds]

Run it on the whole region (`sreda demo --region whole`). A search is all that a page of results
asks: the words understood, the count, the first 25 rows; a suggestion is eight rows.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sreda.config.settings")
django.setup()

from django.core.paginator import Paginator  # noqa: E402

from sreda.kernel import clock  # noqa: E402
from sreda.kernel.api import Actor  # noqa: E402
from sreda.registry.api import (  # noqa: E402
    Organisation,
    find,
    listed,
    near,
    suggestions,
    understand,
)

TEXTS = {
    "name, number, place": ["лицей 62 кемерово", "гимназия 17", "школа 1 юрга", "сош 5 яшкино"],
    "forms and adjectives": ["кемеровские лицеи", "юргинская гимназия", "колледжи новокузнецка"],
    "a very common word": ["школа", "средняя общеобразовательная школа"],
    "slips of the keys": ["лецей 62 кимерово", "гимнозия навокузнецк", "шокла 5 прокопевск"],
    "wrong layout, Latin letters": ["kbwtq 62 rtvthjdj", "litsey 62 kemerovo", "ubvyfpbz 17"],
    "nothing found, near ones": ["лицей 62 владивосток", "школа 999 юрга"],
}


def actor() -> Actor:
    return Actor(on=clock.today())


def search(text: str) -> None:
    search = understand(text)
    page = Paginator(find(listed(actor()), search), 25).get_page(1)
    if not list(page):
        list(near(listed(actor()), search)[:6])


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def line(name: str, times: list[float], base: float = 0) -> float:
    p95 = statistics.quantiles(times, n=20)[-1]
    beside = f"{p95 / base:6.1f} x" if base else ""
    print(f"{name:34} {statistics.median(times):8.2f} {p95:8.2f} {max(times):8.2f} {beside:>9}")
    return p95


def main(rounds: int) -> None:
    codes = list(Organisation.objects.values_list("code", flat=True))
    if not codes:
        sys.exit("the registry is empty: run `sreda demo --region whole` first")
    texts = [text for group in TEXTS.values() for text in group]
    for text in texts:  # plans and caches are warm for both
        search(text)
    selects: list[float] = []
    searches: dict[str, list[float]] = {name: [] for name in TEXTS}
    typing: list[float] = []
    for turn in range(rounds):
        for name, group in TEXTS.items():
            for number, text in enumerate(group):
                searches[name].append(timed(lambda text=text: search(text)))
                code = codes[(turn * 31 + number * 7) % len(codes)]
                selects.append(timed(lambda code=code: Organisation.objects.get(code=code)))
        for length in range(2, len("лицей 62 кем") + 1):
            text = "лицей 62 кем"[:length]
            typing.append(timed(lambda text=text: suggestions(actor(), text)))
    print(f"{len(codes)} organisations, {rounds} rounds; milliseconds")
    print(f"{'':34} {'median':>8} {'p95':>8} {'max':>8} {'p95 beside':>9}")
    base = line("one indexed SELECT", selects)
    for name, times in searches.items():
        line(f"search: {name}", times, base)
    line("search: all of these", [t for times in searches.values() for t in times], base)
    line("suggestions while typing", typing, base)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
