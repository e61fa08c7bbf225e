"""The hot path's process: learners' answers and xAPI statements, gathered into few commits. No
Django in it.

Served by granian beside the pages (`sreda up` starts it). GET /healthz tells that it is alive.
"""

from __future__ import annotations

import os
from typing import Any

from sreda.assessment.hot.app import Answers, answer, write
from sreda.assessment.hot.messages import Message
from sreda.assessment.hot.writing import Fate
from sreda.config import env
from sreda.exchange.xapi.hot import Statements, nothing_here
from sreda.kernel.asgi import Receive, Room, Send
from sreda.kernel.gathering import Gatherer
from sreda.kernel.postgres import target
from sreda.records import hot as records


class Application:
    """An ASGI application: its rooms by path, and the life of what they share."""

    def __init__(self) -> None:
        secret = os.environ.get("SREDA_SECRET_KEY") or env.kept_secret("secret-key")
        dsn = target().dsn
        site = (os.environ.get("SREDA_ADDRESS") or os.environ.get("SREDA_UP_ADDRESS", "")).rstrip(
            "/"
        )
        answers: Gatherer[Message, Fate] = Gatherer(dsn, write)
        statements = records.gatherer(dsn)
        self.credentials = records.Credentials(dsn, secret)
        self.gatherers = (answers, statements)
        self.rooms: dict[str, Room] = {
            "/hot/answers": Answers(answers, secret),
            "/xapi/statements": Statements(
                statements, self.credentials, env.home() / "files", site
            ),
        }
        self.elsewhere = nothing_here(site)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "lifespan":
                await self.live(receive, send)
            case "http" if room := self.rooms.get(scope["path"]):
                await room(scope, receive, send)
            case "http" if scope["path"].startswith("/xapi/"):
                await self.elsewhere(scope, receive, send)
            case "http" if scope["path"] == "/healthz":
                await answer(send, 200, {"status": "ok"})
            case "http":
                await answer(send, 404, {"error": "not found"})

    async def live(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                for gatherer in self.gatherers:
                    gatherer.start()
                await send({"type": "lifespan.startup.complete"})
            elif event["type"] == "lifespan.shutdown":
                for gatherer in self.gatherers:
                    await gatherer.stop()
                await self.credentials.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


application = Application()
