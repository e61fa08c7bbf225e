"""Nothing acknowledged is lost when processes are killed: a short run of the whole measurement."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
def test_killed_processes_lose_and_double_nothing() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO", "PYTEST"))}
    environment.pop("SREDA_DATABASE_URL", None)
    made = subprocess.run(
        [sys.executable, "bench/kills.py", "--kills", "6", "--seed", "3"],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    assert "0 answers lost" in made.stdout
    assert "acknowledged: 0 answers" not in made.stdout
