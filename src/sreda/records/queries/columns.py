"""Finding statements, and counting them, in ClickHouse. Rows, order and pages are those of
PostgreSQL; nothing is told that is not fed whole (`FeedMark`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.conf import settings

from sreda.records.clickhouse.client import Client, ask
from sreda.records.models import FeedMark
from sreda.records.xapi.keys import CREDENTIAL, ORGANISATION, key

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Row = tuple[datetime, int, str]


def micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def credential_key(credential: UUID) -> int:
    """What a source wrote has this key here, besides those of PostgreSQL."""
    return key(CREDENTIAL, str(credential))


def through() -> datetime:
    """Up to when everything is fed."""
    return FeedMark.objects.values_list("through", flat=True).filter(pk=1).first() or EPOCH


def rows(
    client: Client,
    *,
    keys: Sequence[int],
    since: datetime | None,
    until: datetime | None,
    after: tuple[datetime, int] | None,
    ascending: bool,
    credential: UUID | None,
    organisation: UUID | None,
    limit: int,
) -> list[Row]:
    """At most `limit` rows: stored, seq, body."""
    order = "stored, seq" if ascending else "stored DESC, seq DESC"
    end = through()
    params: dict[str, int | str] = {"limit": limit}
    params["until"] = micros(min(until, end) if until else end)
    span = [f"stored <= {_moment('until')}"]
    if since:
        params["since"] = micros(since)
        span.append(f"stored > {_moment('since')}")
    if after:
        params |= {"after": micros(after[0]), "number": after[1]}
        sign = ">" if ascending else "<"
        span.append(f"stored {sign}= {_moment('after')}")
        span.append(f"(stored, seq) {sign} ({_moment('after')}, {{number:Int64}})")
    within = " AND ".join([*span, "(stored, seq) NOT IN (SELECT stored, seq FROM records_voided)"])
    if credential:
        params["own"] = credential_key(credential)
        wrote = "SELECT stored, seq FROM records_ref WHERE key = {own:Int64}"
        within += f" AND (stored, seq) IN ({wrote})"
    if organisation:
        params["of"] = key(ORGANISATION, str(organisation))
        theirs = "SELECT stored, seq FROM records_ref WHERE key = {of:Int64} AND entry = seq"
        within += f" AND (stored, seq) IN ({theirs})"
    if keys:
        params |= {f"key{number}": one for number, one in enumerate(keys)}
        found = f"SELECT DISTINCT stored, seq FROM records_ref WHERE {_with_key(0)} AND {within}"  # noqa: S608
        for number in range(1, len(keys)):
            also = f"SELECT stored, seq, entry FROM records_ref WHERE {_with_key(number)}"  # noqa: S608
            found += f" AND (stored, seq, entry) IN ({also})"
        within = f"(stored, seq) IN ({found} ORDER BY {order} LIMIT {{limit:UInt32}})"
    told = ask(
        client,
        f"SELECT toUnixTimestamp64Micro(stored), seq, body FROM records_statement WHERE {within}"  # noqa: S608
        f" ORDER BY {order} LIMIT 1 BY stored, seq LIMIT {{limit:UInt32}}",
        **params,
    )
    return [(EPOCH + timedelta(microseconds=int(at)), int(seq), body) for at, seq, body in told]


def _with_key(number: int) -> str:
    return f"key = {{key{number}:Int64}}"


def _moment(name: str) -> str:
    return f"fromUnixTimestamp64Micro({{{name}:Int64}}, 'UTC')"


def counts(client: Client, by: str, since: date, until: date, limit: int) -> list[tuple[str, int]]:
    """Statements of these days (the region's calendar) by `day`, `verb` or `organisation`, the
    most first."""
    told = ask(
        client,
        f"SELECT toString({_BY[by]}) AS told, uniqExact(stored, seq) AS n FROM records_statement"  # noqa: S608
        f" WHERE {_DAY} >= toDate({{since:String}}) AND {_DAY} <= toDate({{until:String}})"
        f" AND {_BY[by]} IS NOT NULL AND stored <= {_moment('end')}"
        " GROUP BY told ORDER BY n DESC LIMIT {limit:UInt32}",
        zone=settings.TIME_ZONE,
        since=since.isoformat(),
        until=until.isoformat(),
        end=micros(through()),
        limit=limit,
    )
    return [(str(one), int(number)) for one, number in told]


_DAY = "toDate(stored, {zone:String})"
_BY = {"day": _DAY, "verb": "verb", "organisation": "organisation"}


def whole(client: Client) -> int:
    sql = f"SELECT count() FROM records_statement FINAL WHERE stored <= {_moment('end')}"  # noqa: S608
    [[found]] = ask(client, sql, end=micros(through()))
    return int(found)
