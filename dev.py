#!/usr/bin/env python3
"""Sets up a checkout and runs it. Needs only Python 3.11 or newer (with venv) and git.

    python3 dev.py up       set up, load the demo region, serve it (--region whole, --port N)
    python3 dev.py test     set up, run all tests (further words go to pytest)

and, for developers: setup, build, format, lint, types, i18n, lock, wheel, and shots, which takes
the pictures of the user guide anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
FRONTEND = ROOT / "frontend"
BUNDLE = ROOT / "src/sreda/ui/static/ui"


def run(*command: str | Path, cwd: Path = ROOT, check: bool = True, **env: str) -> int:
    """Run one command; its failure ends this script with the same status."""
    environment = os.environ | env | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    code = subprocess.run([str(word) for word in command], cwd=cwd, env=environment).returncode
    if check and code:
        sys.exit(code)
    return code


def say(text: str) -> None:
    print(f"\033[1m• {text}\033[0m" if sys.stdout.isatty() else f"* {text}", flush=True)


def digest(*paths: Path) -> str:
    """One hash over files (folders are walked); the same content gives the same hash."""
    found = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            found.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


def once(name: str, key: str) -> bool:
    """True when the step `name` has not yet been done for `key`; call `done` after it."""
    stamp = VENV / f".{name}"
    return not stamp.exists() or stamp.read_text() != key


def done(name: str, key: str) -> None:
    (VENV / f".{name}").write_text(key)


def setup() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - the newcomer may have an older one
        sys.exit("Sreda needs Python 3.11 or newer; this is " + sys.version.split()[0])
    if not PYTHON.exists():
        say("making the virtual environment")
        venv.create(VENV, with_pip=True)
    lock = ROOT / "requirements/dev.txt"
    key = digest(lock, ROOT / "pyproject.toml")
    if once("python", key):
        say("installing Python packages (locked by hash)")
        pip = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        run(*pip, "--require-hashes", "-r", lock)
        run(*pip, "--no-deps", "--no-build-isolation", "-e", ROOT)
        done("python", key)
    build()


def build() -> None:
    """Front end and message catalogues; each only when its sources changed."""
    key = digest(FRONTEND / "package-lock.json")
    if once("node", key) or not (FRONTEND / "node_modules").exists():
        say("installing front-end packages (locked)")
        run(npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=FRONTEND)
        done("node", key)
    sources = [p for p in FRONTEND.iterdir() if p.name not in {"node_modules", ".vite"}]
    key = digest(*sorted(sources))
    if once("bundle", key) or not BUNDLE.exists():
        say("building the front end")
        run(npm(), "run", "--silent", "build", cwd=FRONTEND)
        done("bundle", key)
    run(PYTHON, ROOT / "tools/i18n.py", "compile")


def npm() -> str:
    return str(BIN / ("npm.exe" if os.name == "nt" else "npm"))


def main(words: list[str]) -> int:
    command, rest = (words[0], words[1:]) if words else ("help", [])
    match command:
        case "up":
            setup()
            os.environ.setdefault("SREDA_HOME", str(ROOT / "var"))
            return run(BIN / "sreda", "up", "--demo", *rest, check=False)
        case "test":
            setup()
            if os.environ.get("CI"):
                system_packages()
            words = rest or ["-n", "auto"]
            return run(PYTHON, "-m", "pytest", *words, check=False)
        case "shots":
            setup()
            tests = [ROOT / "tests/browser/test_journeys.py", ROOT / "tests/browser/test_guide.py"]
            return run(PYTHON, "-m", "pytest", *tests, *rest, check=False, SREDA_GUIDE="1")
        case "setup":
            setup()
        case "build":
            build()
        case "format":
            run(BIN / "ruff", "format", ".")
            run(BIN / "ruff", "check", "--fix", "--quiet", ".")
        case "lint":
            run(BIN / "ruff", "format", "--check", ".")
            run(BIN / "ruff", "check", ".")
            run(BIN / "lint-imports")
            run(PYTHON, ROOT / "tools/i18n.py", "check")
        case "types":
            run(BIN / "mypy")
        case "i18n":
            run(PYTHON, ROOT / "tools/i18n.py", *(rest or ["update"]))
        case "lock":
            for target, extra in (("dev", ["--extra", "dev"]), ("base", [])):
                run(BIN / "uv", "pip", "compile", "pyproject.toml", *extra, "--universal",
                    "--generate-hashes", "--python-version", "3.11", "--no-annotate",
                    "--no-header", "-q", "-o", f"requirements/{target}.txt", *rest)  # fmt: skip
        case "wheel":
            setup()
            shutil.rmtree(ROOT / "dist", ignore_errors=True)
            run(PYTHON, "-m", "hatchling", "build", "-t", "wheel")
        case _:
            print(__doc__)
            return 0 if command == "help" else 2
    return 0


def system_packages() -> None:
    """In CI nothing may be skipped: install what the browser tests need, where we may."""
    if shutil.which("chromium") or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    say("installing Chromium for the browser tests")
    run("apt-get", "-q", "update", check=False)
    run("apt-get", "-q", "-y", "install", "--no-install-recommends", "chromium", check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
