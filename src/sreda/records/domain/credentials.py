"""Credentials of sources: making, revoking, checking them."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit
from sreda.records.domain.secrets import digest as digest_of
from sreda.records.domain.writing import Source
from sreda.records.enums import Scope
from sreda.records.models import Credential
from sreda.records.xapi.actors import agent as check_agent
from sreda.records.xapi.errors import Invalid
from sreda.records.xapi.reading import read_json, written_json
from sreda.records.xapi.scopes import GRANTS
from sreda.registry.api import Organisation

KEPT = 15  # seconds for which a process trusts what it checked; a revoked one ends within them
USE_NOTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Made:
    """A new credential. The secret is nowhere else."""

    credential: Credential
    secret: str


def make(
    name: str,
    *,
    scopes: Sequence[str],
    at: datetime,
    actor: Actor | None = None,
    agent: str = "",
    organisation: Organisation | None = None,
) -> Made:
    """A new key and secret. `agent` is JSON; without it the source vouches by its own account."""
    name = name.strip()
    if not name:
        raise ValidationError({"name": _("Name the source.")})
    wrong = sorted(set(scopes) - set(Scope.values))
    if wrong or not scopes:
        raise ValidationError(
            {
                "scopes": _("“%(scope)s” is no scope. Scopes: %(scopes)s.")
                % {"scope": ", ".join(wrong), "scopes": ", ".join(Scope.values)}
            }
        )
    if Scope.BY_AGREEMENT in scopes and any(
        not GRANTS[Scope.READ_MINE].isdisjoint([scope]) for scope in scopes
    ):
        raise ValidationError(
            {"scopes": _("A source that reads by agreement has no other right to read.")}
        )
    key, secret = secrets.token_hex(10), secrets.token_urlsafe(32)
    credential = Credential(
        name=name,
        key=key,
        digest=_digest(secret),
        scopes=sorted(set(scopes)),
        agent=_agent(agent, name, key),
        organisation=organisation,
        made_at=at,
        made_by=actor.user_id if actor else None,
    )
    try:
        with transaction.atomic():
            credential.save(force_insert=True)
            audit(
                "records.credential.made",
                credential,
                actor=actor,
                at=at,
                name=name,
                scopes=credential.scopes,
                organisation=str(organisation or ""),
            )
    except IntegrityError as error:
        raise ValidationError(
            {"name": _("A credential with this name is in force already.")}
        ) from error
    return Made(credential, secret)


def _agent(text: str, name: str, key: str) -> str:
    if not text.strip():
        account = {"homePage": settings.SITE_ADDRESS, "name": f"source:{key}"}
        return written_json({"objectType": "Agent", "name": name, "account": account})
    try:
        found = read_json(text)
        check_agent(found)
    except Invalid as error:
        raise ValidationError({"agent": str(error)}) from error
    return written_json(found)


def revoke(credential: Credential, *, at: datetime, actor: Actor | None) -> None:
    """From now on nothing is taken from this source or told to it; what it wrote stays."""
    with transaction.atomic():
        changed = Credential.objects.filter(pk=credential.pk, revoked_at=None).update(
            revoked_at=at, revoked_by=actor.user_id if actor else None
        )
        if changed:
            audit(
                "records.credential.revoked", credential, actor=actor, at=at, name=credential.name
            )
    with _lock:
        _checked.clear()


# What this process checked lately: key -> (digest of the secret, credential, until).
_checked: dict[str, tuple[bytes, Credential, float]] = {}
_lock = threading.Lock()


def check(key: str, secret: str, *, at: datetime) -> Credential | None:
    """The credential in force of a key and secret; None where there is none. The time it takes
    does not tell which of the two was wrong."""
    digest = _digest(secret)
    kept = _checked.get(key)
    if kept and kept[2] > time.monotonic() and hmac.compare_digest(kept[0], digest):
        return kept[1]
    found = Credential.objects.filter(key=key, revoked_at=None).first()
    if not hmac.compare_digest(bytes(found.digest) if found else bytes(32), digest) or not found:
        return None
    if found.used_at is None or at - found.used_at > USE_NOTED:
        Credential.objects.filter(pk=found.pk).update(used_at=at)
    with _lock:
        if len(_checked) > 1_000:
            _checked.clear()
        _checked[key] = (digest, found, time.monotonic() + KEPT)
    return found


def note_version(credential: Credential, version: str) -> None:
    """The edition a source speaks: an answer to a request without one is in it."""
    if credential.version != version:
        credential.version = version
        Credential.objects.filter(pk=credential.pk).update(version=version)


def version_of(credential: Credential) -> str:
    """As another process may have noted it."""
    return Credential.objects.values_list("version", flat=True).get(pk=credential.pk)


def source_of(credential: Credential) -> Source:
    return Source(
        authority=credential.agent,
        credential=credential.pk,
        organisation=credential.organisation_id,
        defines=credential.may(Scope.DEFINE),
        voids_any=credential.may(Scope.ALL),
    )


def _digest(secret: str) -> bytes:
    return digest_of(settings.SECRET_KEY, secret)
