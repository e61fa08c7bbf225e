"""Contents of files on disk under their SHA-256. Needs nothing of Django: any process may keep."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


def place_in(root: Path, digest: str) -> Path:
    return root / digest[:2] / digest[2:4] / digest


def keep_in(root: Path, content: bytes) -> str:
    """Keep bytes under their SHA-256, which is returned; equal contents are kept once."""
    digest = hashlib.sha256(content).hexdigest()
    target = place_in(root, digest)
    try:
        os.utime(target)  # it is needed anew: nobody may sweep it away meanwhile
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix="incoming-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    return digest
