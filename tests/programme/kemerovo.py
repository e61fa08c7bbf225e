"""The Kemerovo order's tables in the database, without the checks that loading runs."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from sreda.programme.domain import rows
from sreda.programme.models import Programme
from sreda.programme.pack import Pack, read_pack
from sreda.programme.pack.shipped import shipped_pack


@lru_cache(maxsize=1)
def pack() -> Pack:
    return read_pack(shipped_pack("kemerovo-2018")).pack


def write_kemerovo(at: datetime) -> Programme:
    order = pack()["order"][0]
    programme = Programme.objects.create(
        key=rows.programme_key(order), loaded_at=at, **rows.order_values(order)
    )
    rows.write(programme, pack(), pack(), at=at)
    return programme
