"""Pages of people and their accounts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.kernel import clock
from sreda.kernel.api import Actor, Ask, Column, Filter, Listing
from sreda.registry.access import (
    ENROLMENTS,
    GROUPS,
    GUARDIANSHIPS,
    ORGANISATIONS,
    PEOPLE,
    POSTS,
    given_by,
)
from sreda.registry.domain import accounts, guardianships, qualifications
from sreda.registry.domain import people as domain
from sreda.registry.domain import posts as posts_domain
from sreda.registry.enums import LEARNER_ROLES, POST_ROLES, Role
from sreda.registry.models import (
    Enrolment,
    Guardianship,
    Person,
    Post,
    Qualification,
    User,
)
from sreda.registry.models.periods import on_day
from sreda.registry.queries.past import states_on
from sreda.registry.queries.people import (
    MANY,
    add_places,
    count_in_municipality,
    count_in_region,
    search_people,
)
from sreda.registry.web import base
from sreda.registry.web.base import actor_of, as_of, key_of, page, places_of, visible
from sreda.registry.web.entering import entered, form_page, history_page, valid
from sreda.registry.web.forms import (
    FirstPlaceForm,
    InviteForm,
    PersonChangeForm,
    PersonForm,
    ReasonForm,
)
from sreda.registry.web.likely import Likely
from sreda.registry.web.organisations import place_choices, place_filters


def _now(actor: Actor, **scope: Any) -> Q:
    """People by what they are today."""
    posts = Post.objects.filter(on_day(actor.on), **scope)
    enrolments = Enrolment.objects.filter(
        on_day(actor.on), **{k: v for k, v in scope.items() if k != "municipality_id"}
    )
    return Q(
        pk__in=posts.order_by().values("person_id").union(enrolments.order_by().values("person_id"))
    )


def _filters(actor: Actor, organisation: str) -> list[Filter[Any]]:
    def by_role(rows: QuerySet[Person], role: str) -> QuerySet[Person]:
        if role in LEARNER_ROLES:
            model: Any = Enrolment
        elif role == Role.PARENT:
            wards = Guardianship.objects.filter(on_day(actor.on))
            return rows.filter(pk__in=wards.values("guardian_id"))
        else:
            model = Post
        held = model.objects.filter(on_day(actor.on), role=role)
        return rows.filter(pk__in=held.order_by().values("person_id"))

    def by_place(rows: QuerySet[Person], value: str) -> QuerySet[Person]:
        return rows.filter(_now(actor, organisation_id=value))

    def by_municipality(rows: QuerySet[Person], value: str) -> QuerySet[Person]:
        return rows.filter(_now(actor, organisation__municipality_id=value))

    def places() -> list[tuple[str, str]]:
        return place_choices(actor, organisation)

    roles = [(r.value, r.label) for r in (*POST_ROLES, *LEARNER_ROLES, Role.PARENT)]
    found: list[Filter[Any]] = [
        Filter(item.name, item.label, item.choices, by_municipality)
        for item in place_filters(actor)
    ]
    if ORGANISATIONS.may(actor, "manage"):
        found.append(Filter("role", gettext_lazy("Role"), roles, by_role))
        if actor.role == Role.COORDINATOR or organisation:
            found.append(Filter("organisation", gettext_lazy("Organisation"), places, by_place))
    return found


@page
def person_list(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    visible(PEOPLE.may(actor, "view"))
    listing = people_listing(request, actor)
    return listing.export() or render(
        request,
        "registry/people.html",
        {
            "listing": listing,
            "may_add": PEOPLE.may(actor, "add"),
            "may_import": PEOPLE.may(actor, "import"),
            "may_qualify": PEOPLE.may(actor, "qualify"),
            "may_guard": PEOPLE.may(actor, "guard"),
            "may_merge": PEOPLE.may(actor, "merge"),
        },
    )


def _listed(actor: Actor) -> QuerySet[Person]:
    return PEOPLE.all(actor).filter(merged_into__isnull=True)


def _counted(actor: Actor) -> Ask | None:
    """Where the list is a municipality's or the region's, its length is kept."""
    if actor.role == Role.OPERATOR:
        return count_in_region()
    if actor.role == Role.COORDINATOR and actor.municipality_id:
        return count_in_municipality(actor.municipality_id)
    return None


def people_listing(request: HttpRequest, actor: Actor) -> Listing[Person]:
    return Listing(
        rows=_listed,
        of=(actor,),
        complete=lambda people: add_places(people, actor),
        params=request.GET,
        search=search_people,
        count_to=MANY,
        filter_by=_filters(actor, request.GET.get("organisation", "")),
        sorts={
            "name": ["family_name", "given_name", "patronymic"],
            "birth": ["birth_date", "family_name"],
        },
        default_sort="name",
        columns=[
            Column(gettext_lazy("Family name"), lambda p: p.family_name),
            Column(gettext_lazy("Given name"), lambda p: p.given_name),
            Column(gettext_lazy("Patronymic"), lambda p: p.patronymic),
            Column(gettext_lazy("Date of birth"), lambda p: p.birth_date),
            Column(gettext_lazy("Posts and learning"), places_of),
            Column(gettext_lazy("Number in the source system"), lambda p: p.external_id),
        ]
        if PEOPLE.may(actor, "change")
        else [],
        name="people",
        count_all=_counted(actor),
        short=actor.role not in {Role.OPERATOR, Role.COORDINATOR},
    )


@page
def person_add(request: HttpRequest) -> HttpResponse:
    """A person together with their first place: otherwise a head would not see who was added.
    One who is in the registry already gets the place instead."""
    actor = actor_of(request)
    visible(PEOPLE.may(actor, "add"))
    form = PersonForm(request.POST or None)
    place = FirstPlaceForm(
        request.POST or None,
        actor=actor,
        prefix="first",
        initial={"since": actor.on, "organisation": request.GET.get("organisation")},
    )
    key = key_of(request, "person")
    likely = None
    if request.method == "POST" and valid(form, place):
        likely = Likely(request, actor, form.values, PEOPLE.all(actor), key)

    def write() -> Person:
        at = clock.now()
        with transaction.atomic():
            taken = likely.taken if likely else None
            if taken is not None and not PEOPLE.may(actor, "change", taken):
                raise ValidationError(
                    _(
                        "Only where this person is now, or the regional operator, may enter"
                        " anything for them: ask there."
                    )
                )
            person = taken or domain.add_person(values=form.values, key=key, actor=actor, at=at)
            _give_place(request, actor, person, place.cleaned_data, at)
        return person

    return entered(
        request,
        form,
        write,
        said=_("The place is entered for the person who was in the registry already.")
        if likely and likely.taken
        else _("The person is added."),
        title=_("New person"),
        submit=_("Add"),
        back=reverse("registry:people"),
        then=lambda made: reverse("registry:person", args=[made.pk]),
        trail=[(_("People"), reverse("registry:people"))],
        ready=likely is None or likely.settled,
        extra=place,
        likely=likely,
    )


def _give_place(
    request: HttpRequest, actor: Actor, person: Person, first: dict[str, Any], at: datetime
) -> None:
    role = first["place"]
    values = {name: first[name] for name in ("organisation", "since")} | {"role": role}
    common: dict[str, Any] = {"key": key_of(request, "first place"), "actor": actor, "at": at}
    if role in LEARNER_ROLES:
        posts_domain.enrol(person, values=values | {"group": first["group"]}, **common)
    elif role:
        posts_domain.give_post(person, values=values | {"title": first["title"]}, **common)


def found_person(actor: Actor, action: str, pk: UUID) -> Person:
    return PEOPLE.get(actor, action, pk=pk)


def kept_instead(actor: Actor, pk: UUID) -> Person | None:
    """The record into which this one was merged, when the actor may see that one."""
    person = Person.objects.filter(pk=pk).first()
    seen = 0
    while person is not None and person.merged_into_id and seen < 20:
        person = Person.objects.filter(pk=person.merged_into_id).first()
        seen += 1
    if not seen or person is None or not PEOPLE.may(actor, "view", person):
        return None
    return person


@page
def person(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    if (kept := kept_instead(actor, pk)) is not None:
        messages.info(
            request, _("The record you asked for was merged into this one: it is the same person.")
        )
        return redirect("registry:person", kept.pk)
    found = found_person(actor, "view", pk)
    on = as_of(request)
    details = PEOPLE.may(actor, "details", found)
    may_change = PEOPLE.may(actor, "change", found)
    state = states_on([found], domain.FIELDS, on)[found.pk]
    name = " ".join(
        p for p in (state["family_name"], state["given_name"], state["patronymic"]) if p
    )
    posts = _posts(actor, found, on)
    enrolments = [
        {
            "enrolment": e,
            "now": _covers(e, on),
            "may_end": may_end,
        }
        for e, may_end in _with_rights(
            ENROLMENTS.all(actor)
            .filter(person=found)
            .select_related("organisation", "group")
            .order_by("-since"),
            ENROLMENTS.all(actor, "change").filter(person=found),
        )
    ]
    groups = [row["enrolment"].group_id for row in enrolments]
    opening = set(GROUPS.all(actor).filter(pk__in=groups).values_list("pk", flat=True))
    for row in enrolments:
        row["opens"] = row["enrolment"].group_id in opening
    user = User.objects.filter(person=found).first() if details else None
    return render(
        request,
        "registry/person.html",
        {
            "person": found,
            "name": name,
            "on": on,
            "past": base.asked_day(request) is not None and on != actor.on,
            "details": details,
            "facts": base.rows_of(found, domain.FIELDS[4:] + domain.FIELDS[:1], state)
            if details
            else [],
            "posts": [p for p in posts if p["now"]],
            "other_posts": [p for p in posts if not p["now"]],
            "enrolments": [e for e in enrolments if e["now"]],
            "other_enrolments": [e for e in enrolments if not e["now"]],
            "family": _family(actor, found, on) if details else [],
            "qualifications": Qualification.objects.filter(person=found, completed_on__lte=on)
            if details
            else [],
            "account": user,
            "may_change": may_change,
            "may_post": may_change and bool(given_by(actor)),
            "may_account": PEOPLE.may(actor, "account", found),
            "second_factor": user is not None and accounts.has_second_factor(user),
            "may_merge": PEOPLE.may(actor, "merge", found),
            "may_qualify": PEOPLE.may(actor, "qualify", found),
            "may_guard": PEOPLE.may(actor, "guard", found),
            "may_have_children": details and may_guard_any(actor),
        },
    )


def may_guard_any(actor: Actor) -> bool:
    """Whether there can be children whose parents this actor names."""
    return PEOPLE.may(actor, "guard")


def _covers(thing: Post | Enrolment | Guardianship, on: date) -> bool:
    return thing.since <= on and (thing.until is None or thing.until >= on)


def _with_rights(rows: QuerySet[Any], changeable: QuerySet[Any]) -> list[tuple[Any, bool]]:
    may = set(changeable.values_list("pk", flat=True))
    return [(row, row.pk in may) for row in rows]


def _posts(actor: Actor, person: Person, on: date) -> list[dict[str, Any]]:
    """Posts with what they were on the day: role and place hold still, category may change."""
    rows = (
        POSTS.all(actor)
        .filter(person=person)
        .select_related("organisation", "municipality")
        .order_by("-since")
    )
    pairs = _with_rights(rows, POSTS.all(actor, "change").filter(person=person))
    states = states_on([post for post, _may in pairs], posts_domain.FIELDS, on)
    names = base.names_in(Post, list(states.values()))
    return [
        {
            "post": post,
            "now": _covers(post, on),
            "may_change": may,
            "may_end": may and (post.until is None or post.until > on),
            **{
                name: base.shown(Post, name, states[post.pk][name], names)
                for name in ("role", "title", "category")
            },
            "category_held": states[post.pk]["category"] != "none",
            "acting": states[post.pk]["acting"],
            "ict": states[post.pk]["ict_competent"],
        }
        for post, may in pairs
    ]


def _family(actor: Actor, person: Person, on: date) -> list[dict[str, Any]]:
    """Parents, guardians and children; contacts for those who keep the ties."""
    rows = Guardianship.objects.filter(Q(guardian=person) | Q(child=person))
    ties = list(rows.select_related("guardian", "child").order_by("since"))
    others = {t.child_id if t.guardian_id == person.pk else t.guardian_id for t in ties}
    seen = set(PEOPLE.all(actor).filter(pk__in=others).values_list("pk", flat=True))
    mine = GUARDIANSHIPS.all(actor, "change").filter(pk__in=[t.pk for t in ties])
    may_change = set(mine.values_list("pk", flat=True))
    found = []
    for tie in ties:
        may, now = tie.pk in may_change, _covers(tie, on)
        if not now and not may:
            continue
        upward = tie.child_id == person.pk
        other = tie.guardian if upward else tie.child
        found.append(
            {
                "tie": tie,
                "person": other,
                "kind": tie.get_kind_display() if upward else _("Child"),
                "url": reverse("registry:person", args=[other.pk]) if other.pk in seen else "",
                "now": now,
                "may_change": may,
                "contacts": [c for c in (other.phone, other.email) if c] if may and upward else [],
            }
        )
    return sorted(found, key=lambda row: not row["now"])


def trail(found: Person) -> list[tuple[str, str]]:
    return [
        (_("People"), reverse("registry:people")),
        (found.full_name, reverse("registry:person", args=[found.pk])),
    ]


@page
def person_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = found_person(actor, "change", pk)
    form = PersonChangeForm(request.POST or None, instance=found, today=actor.on)
    return entered(
        request,
        form,
        lambda: domain.change_person(
            found,
            edition=form.edition,
            values=form.values,
            **form.dated,
            actor=actor,
            at=clock.now(),
        ),
        said=_("The change is saved."),
        title=_("Change the person's data"),
        submit=_("Save"),
        back=reverse("registry:person", args=[pk]),
        trail=trail(found),
        subject=found.full_name,
    )


@page
def person_history(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = found_person(actor, "details", pk)
    items = base.timeline(found, domain.FIELDS)
    rows = POSTS.all(actor).filter(person=found).select_related("organisation", "municipality")
    for post in rows:
        place = post.organisation or post.municipality
        title = f"{post.get_role_display()}{f' ({place})' if place else ''}"
        items += base.timeline(post, posts_domain.FIELDS, title)
    learning = ENROLMENTS.all(actor).filter(person=found).select_related("organisation")
    for enrolment in learning:
        title = f"{enrolment.get_role_display()} ({enrolment.organisation})"
        items += base.timeline(enrolment, posts_domain.ENROLMENT_FIELDS, title)
    for course in Qualification.objects.filter(person=found):
        items += base.timeline(course, qualifications.FIELDS, course.programme)
    ties = GUARDIANSHIPS.all(actor).filter(Q(guardian=found) | Q(child=found))
    for tie in ties.select_related("guardian", "child"):
        other = tie.guardian if tie.child_id == found.pk else tie.child
        title = _("Family: %(name)s") % {"name": other.full_name}
        items += base.timeline(tie, guardianships.FIELDS, title)
    return history_page(
        request,
        items,
        subject=found.full_name,
        trail=trail(found),
        back=reverse("registry:person", args=[pk]),
    )


@page
def person_invite(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Makes the account and shows the link once, on a page to print and hand over."""
    actor = actor_of(request)
    found = found_person(actor, "account", pk)
    known = User.objects.filter(person=found).first()
    form = InviteForm(
        request.POST or None,
        initial={"username": known.username if known else accounts.suggested_name(found)},
    )
    if known:
        form.fields["username"].disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            invitation = accounts.invite(
                person=found,
                username=form.cleaned_data["username"],
                actor=actor,
                at=clock.now(),
            )
        except ValidationError as error:
            base.add_errors(form, error)
        else:
            response = render(
                request,
                "registry/invitation.html",
                {
                    "person": found,
                    "user_name": invitation.user.username,
                    "link": request.build_absolute_uri(invitation.path),
                    "site": request.build_absolute_uri("/"),
                    "back_url": reverse("registry:person", args=[pk]),
                },
            )
            response["Cache-Control"] = "no-store"
            return response
    return form_page(
        request,
        form,
        _("New link to set a password") if known else _("Account for signing in"),
        _("Make the link"),
        reverse("registry:person", args=[pk]),
        trail(found),
        subject=found.full_name,
        note=_(
            "You get a link for setting a password, once, and a slip to print."
            " Hand it to the person only: who has the link can sign in as them."
        ),
    )


@page
def person_sign_in(request: HttpRequest, pk: UUID, allowed: bool) -> HttpResponse:
    actor = actor_of(request)
    found = found_person(actor, "account", pk)
    if not User.objects.filter(person=found).exists():
        raise Http404
    form = ReasonForm(request.POST or None)
    return entered(
        request,
        form,
        lambda: accounts.switch_sign_in(
            found,
            allowed=allowed,
            reason=form.cleaned_data["reason"],
            actor=actor,
            at=clock.now(),
        ),
        said=_("The person may sign in again.")
        if allowed
        else _("The person can no longer sign in."),
        title=_("Allow signing in") if allowed else _("Forbid signing in"),
        submit=_("Allow") if allowed else _("Forbid"),
        back=reverse("registry:person", args=[pk]),
        trail=trail(found),
        subject=found.full_name,
        danger=not allowed,
    )


@page
def person_second_factor(request: HttpRequest, pk: UUID) -> HttpResponse:
    """For one who lost both the telephone or key and the recovery codes."""
    actor = actor_of(request)
    found = found_person(actor, "account", pk)
    user = User.objects.filter(person=found).first()
    if user is None or not accounts.has_second_factor(user):
        raise Http404
    form = ReasonForm(request.POST or None)
    return entered(
        request,
        form,
        lambda: accounts.drop_second_factor(
            found, reason=form.cleaned_data["reason"], actor=actor, at=clock.now()
        ),
        said=_("The second factor is taken off."),
        title=_("Take off the second factor"),
        submit=_("Take it off"),
        back=reverse("registry:person", args=[pk]),
        trail=trail(found),
        subject=found.full_name,
        note=_(
            "For one who lost both the telephone or key and the recovery codes. Make sure that it"
            " is they who ask. They are signed out everywhere, sign in by their password alone"
            " and set up a new second factor."
        ),
        danger=True,
    )
