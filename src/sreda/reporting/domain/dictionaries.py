"""Shared lists of options."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor, audit, made_before
from sreda.reporting.enums import VersionStatus
from sreda.reporting.forms import Option, to_json
from sreda.reporting.forms.schema import OPTION
from sreda.reporting.models import Dictionary, FormVersion

MOST = 2000


class Stale(Exception):
    def __init__(self, current: Dictionary) -> None:
        super().__init__(str(current.pk))
        self.current = current


def checked(options: Sequence[Option]) -> list[dict[str, str]]:
    """Options as they are kept; ValidationError names the line of the first fault."""
    if not options:
        raise ValidationError({"options": _("There are no options.")})
    if len(options) > MOST:
        raise ValidationError({"options": _("At most %(most)s options.") % {"most": MOST}})
    seen: set[str] = set()
    for line, option in enumerate(options, 1):
        if not OPTION.match(option.code):
            raise ValidationError(
                {"options": _("Line %(line)s: the code “%(code)s” is not Latin letters, digits "
                              "and . _ - (40 at most).") % {"line": line, "code": option.code}}
            )  # fmt: skip
        if option.code in seen:
            raise ValidationError(
                {"options": _("Line %(line)s: the code “%(code)s” is there twice.")
                 % {"line": line, "code": option.code}}
            )  # fmt: skip
        if not option.title.strip():
            raise ValidationError({"options": _("Line %(line)s has no title.") % {"line": line}})
        seen.add(option.code)
    return [to_json(option) for option in options]


@transaction.atomic
def add_dictionary(
    *,
    code: str,
    title: str,
    options: Sequence[Option],
    key: UUID | None = None,
    actor: Actor | None,
    at: datetime,
) -> Dictionary:
    if (known := made_before(Dictionary, key)) is not None:
        return known
    made = Dictionary(code=code, title=title, options=checked(options))
    if key:
        made.pk = key
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError(
            {"code": _("There is a dictionary with this code already.")}
        ) from error
    audit("reporting.dictionary.added", made, actor=actor, at=at, code=code, options=made.options)
    return made


@transaction.atomic
def change_dictionary(
    dictionary: Dictionary,
    *,
    edition: int,
    title: str,
    options: Sequence[Option],
    actor: Actor,
    at: datetime,
) -> Dictionary:
    """Options may be added and renamed; none that a form in force uses may go."""
    found = Dictionary.objects.select_for_update().get(pk=dictionary.pk)
    if found.edition != edition:
        raise Stale(found)
    kept = checked(options)
    gone = {o["code"] for o in found.options} - {o["code"] for o in kept}
    if gone and (users := users_of(found, published=True)):
        raise ValidationError(
            {"options": _("Forms in force use these options: %(codes)s (%(forms)s).")
             % {"codes": ", ".join(sorted(gone)), "forms": ", ".join(users)}}
        )  # fmt: skip
    before = {"title": found.title, "options": found.options}
    found.title, found.options = title, kept
    found.edition += 1
    found.save()
    audit("reporting.dictionary.changed", found, actor=actor, at=at, before=before,
          after={"title": title, "options": kept})  # fmt: skip
    return found


@transaction.atomic
def delete_dictionary(dictionary: Dictionary, *, actor: Actor, at: datetime) -> None:
    users = users_of(dictionary)
    if users:
        raise ValidationError(
            _("Forms use this dictionary: %(forms)s.") % {"forms": ", ".join(users)}
        )
    audit("reporting.dictionary.deleted", dictionary, actor=actor, at=at,
          code=dictionary.code, options=dictionary.options)  # fmt: skip
    dictionary.delete()


def users_of(dictionary: Dictionary, *, published: bool = False) -> list[str]:
    """Titles of forms that use it: of any version, or of those that were in force."""
    versions = FormVersion.objects.select_related("form")
    if published:
        versions = versions.exclude(status=VersionStatus.DRAFT)
    return sorted(
        {
            version.form.title
            for version in versions
            if any(
                field.dictionary == dictionary.code
                for block in version.schema.blocks.values()
                for field in block.fields
            )
        }
    )
