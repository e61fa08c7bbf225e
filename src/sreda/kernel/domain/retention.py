"""Contents of files that are no longer needed, taken off the disk; what is known of them stays.

First the row says so, with its audit entry, in one transaction; then the content goes. A crash in
between leaves content that no row needs, and the daily sweep takes that away.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q

from sreda.kernel.domain.audit import audit
from sreda.kernel.domain.files import TABLES, place_of
from sreda.kernel.models import StoredFile

# What came within this time may belong to a transaction that is not over.
FRESH = timedelta(days=1)
AT_ONCE = 500
_ASIDE = ".gone"
_DIGEST = re.compile(r"[0-9a-f]{64}")
# Who else needs contents by their digest: (model, field).
HOLDERS: list[tuple[type[models.Model], str]] = []


def hold_content(model: type[models.Model], field: str = "sha256") -> None:
    """What `keep_content` kept for rows of this model is never swept away while they are there."""
    HOLDERS.append((model, field))


def _needed(digests: list[str]) -> set[str]:
    files = StoredFile.objects.filter(sha256__in=digests, removed_at=None)
    found = set(files.values_list("sha256", flat=True))
    for model, field in HOLDERS:
        rows = model._base_manager.filter(**{f"{field}__in": digests})
        found |= set(rows.values_list(field, flat=True))
    return found


def remove_content(file: StoredFile, *, at: datetime, days: int) -> None:
    """Note in the caller's transaction that the file goes by the rule of so many days; after the
    commit its content does, unless another file has the same."""
    file.removed_at, file.removed_after = at, days
    file.save(update_fields=["removed_at", "removed_after"])
    audit(
        "kernel.file.removed", file, actor=None, at=at,
        name=file.name, sha256=file.sha256, size=file.size, stored_at=file.stored_at, days=days,
    )  # fmt: skip
    transaction.on_commit(lambda: _discard(file.sha256, at))


def remove_unused(*, at: datetime, days: int) -> int:
    """Tables that no record refers to: what was handed in could not be read, or the request broke
    off. Returns how many."""
    unused = StoredFile.objects.filter(
        removed_at=None, stored_at__lt=at - timedelta(days=days)
    ).filter(_named(TABLES))
    for relation in StoredFile._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel):
            holders = relation.related_model._base_manager.filter(
                **{relation.field.name: OuterRef("pk")}
            )
            unused = unused.exclude(Exists(holders))
    removed = 0
    for pk in list(unused.values_list("pk", flat=True)):
        with transaction.atomic():
            file = unused.select_for_update(of=("self",)).filter(pk=pk).first()
            if file is not None:
                remove_content(file, at=at, days=days)
                removed += 1
    return removed


def _named(suffixes: frozenset[str]) -> Q:
    found = Q()
    for suffix in suffixes:
        found |= Q(name__iendswith=suffix)
    return found


def sweep_orphans(*, at: datetime) -> int:
    """Contents that no row needs and drafts that were never finished, each older than a day; one
    audit entry for every AT_ONCE. Returns how many."""
    removed = 0
    found = _orphans(at)
    while some := list(islice(found, AT_ONCE)):
        with transaction.atomic():
            names = sorted(path.name for path in some)
            audit("kernel.files.swept", actor=None, at=at, count=len(some), names=names)
        for path in some:
            if _DIGEST.fullmatch(path.stem):
                removed += _discard(path.stem, at)
            else:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def _orphans(at: datetime) -> Iterator[Path]:
    root = Path(settings.MEDIA_ROOT)
    for pattern in ("incoming-*", "*/*/incoming-*"):
        for path in sorted(root.glob(pattern)):
            if not _fresh(path, at):
                yield path
    for folder in sorted(root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]")):
        files = [
            path
            for path in folder.iterdir()
            if _DIGEST.fullmatch(path.stem) and path.suffix in {"", _ASIDE} and not _fresh(path, at)
        ]
        needed = _needed([path.stem for path in files])
        for path in files:
            if path.suffix == _ASIDE and path.stem in needed:
                os.replace(path, place_of(path.stem))  # a crash while it lay aside
            elif path.stem not in needed:
                yield path


def _fresh(path: Path, at: datetime) -> bool:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) > at - FRESH
    except FileNotFoundError:
        return True


def _discard(digest: str, at: datetime) -> bool:
    """Whether the content went. The same may be handed in at this moment: it is put aside first,
    looked at there, and put back if it is needed or has just come."""
    place = place_of(digest)
    aside = place.with_suffix(_ASIDE)
    try:
        os.replace(place, aside)
    except FileNotFoundError:
        if not aside.exists():
            return False
    if _needed([digest]) or _fresh(aside, at):
        os.replace(aside, place)
        return False
    aside.unlink()
    return True
