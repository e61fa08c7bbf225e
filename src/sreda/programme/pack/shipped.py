"""The packs that come with Sreda."""

from __future__ import annotations

from pathlib import Path

PACKS = Path(__file__).resolve().parent.parent / "packs"


def shipped_pack(name: str) -> Path:
    """The folder of a shipped pack, such as `kemerovo-2018` or `empty`."""
    folder = PACKS / name
    if not (folder / "order.csv").is_file():
        raise FileNotFoundError(name)
    return folder
