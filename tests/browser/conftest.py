"""The whole product as its users get it: `sreda up --demo`, and Chromium in front of it.

One server a worker; pytest-xdist gives all these tests to one (see `OneProduct`), so that there is
one for the whole run. SREDA_BROWSER_URL names a running
one instead, loaded afresh with the demo region.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.pictures import save_small
from tests.browser.visitor import CHROMIUM, IMAGES, Visitor, chromium
from tests.ports import free_port

HERE = Path(__file__).parent
READY = re.compile(r"is ready: (http://\S+?)/?\s*$")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("browser") and not CHROMIUM:
            item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@pytest.fixture(scope="session")
def product() -> Iterator[str]:
    """The address of a whole installation with the small demo region."""
    if given := os.environ.get("SREDA_BROWSER_URL"):
        yield given.rstrip("/")
        return
    home = Path(tempfile.mkdtemp(prefix="sreda-browser-"))
    home.chmod(0o711)  # the server's account must pass where we are root
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DJANGO")}
    environment |= {"SREDA_HOME": str(home / "home"), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment |= {"SREDA_LANGUAGE": "en", "SREDA_REQUIRE_MFA": ""}
    environment.pop("SREDA_DATABASE_URL", None)
    log = home / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "sreda.config.cli", "up", "--demo", "--port", str(free_port())],
            env=environment, stdout=subprocess.PIPE, stderr=out, text=True,
        )  # fmt: skip
    try:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if found := READY.search(line):
                yield found[1].replace("localhost", "127.0.0.1")
                break
        else:
            pytest.fail("never ready:\n" + "".join(said) + log.read_text())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="package")  # its loop would be in the way of later tests' own
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def sessions() -> dict[str, object]:
    """Cookies of the roles that signed in once."""
    return {}


@pytest.fixture
def visitor(
    product: str, browser: Browser, sessions: dict[str, object]
) -> Iterator[Callable[..., Visitor]]:
    """`visitor("head", width=390, mode="theme=dark")`; without a role, somebody unknown."""
    made: list[Visitor] = []

    def make(role: str = "", **more: object) -> Visitor:
        made.append(Visitor(browser, product, sessions, role, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def shot(browser: Browser) -> Callable[..., None]:
    """Writes a picture of the guide when SREDA_GUIDE=1 (`python3 dev.py shots`)."""

    def take(page: Page, name: str, height: int = 760) -> None:
        if os.environ.get("SREDA_GUIDE") != "1":
            return
        page.set_viewport_size({"width": 1200, "height": height})
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(250)  # transitions end
        bench = browser.new_page()
        save_small(bench, page.screenshot(animations="disabled"), IMAGES / f"{name}.png")
        bench.close()

    return take
