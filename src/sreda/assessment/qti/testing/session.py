"""A test session: start, navigate, answer, submit, suspend, resume, exit, end.

Its state is plain data (`TestSession.to_dict`), so that it can be kept in a database between two
requests. Time is told by the caller as an aware `datetime`; nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any

from ..expressions import Custom
from ..session.item import INTERACTING, SUSPENDED, derived_seed
from ..values.json import Json
from .holding import SessionError
from .model import Test
from .moving import Moving
from .plan import make_plan
from .state import SessionState


class TestSession(Moving):
    """One candidate's way through a test."""

    # pytest takes every Test… for one of its own
    __test__ = False

    @classmethod
    def start(
        cls,
        test: Test,
        *,
        at: datetime,
        seed: int = 0,
        custom: Mapping[str, Custom] | None = None,
    ) -> TestSession:
        """A new session: items selected and ordered by the seed, the first one entered."""
        plan = make_plan(test, Random(derived_seed(seed, "plan")))  # noqa: S311
        state = SessionState(seed=seed, plan=plan, status=INTERACTING, last=at, started=at)
        made = cls(test, state, custom)
        for entry in plan:
            made._start_item(entry, {})
        made._reset()
        made._process()
        made._settle_part(0, at)
        return made

    def suspend(self, at: datetime) -> None:
        """Stops the clocks; nothing is possible until `resume`."""
        self._running(at)
        self._state.status = SUSPENDED

    def resume(self, at: datetime) -> None:
        if self._state.status != SUSPENDED:
            raise SessionError(self._state.status)
        self._state.status, self._state.last = INTERACTING, at

    def to_dict(self) -> dict[str, Json]:
        """Plain JSON data, from which `from_dict` goes on exactly where this session is."""
        return {"test": self.test.identifier, **self._state.to_dict()}

    @classmethod
    def from_dict(
        cls, test: Test, data: Mapping[str, Any], *, custom: Mapping[str, Custom] | None = None
    ) -> TestSession:
        """The session that `to_dict` wrote, of the same test. Raises `ValueError` where the test
        no longer has an item of the plan."""
        state = SessionState.from_dict(data)
        known = {ref.identifier for ref in test.refs()}
        if gone := {entry.ref for entry in state.plan} - known:
            raise ValueError(f"the test no longer has {', '.join(sorted(gone))}")
        return cls(test, state, custom)
