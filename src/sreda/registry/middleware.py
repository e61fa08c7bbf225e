"""Puts the actor on the request: who asks, and from which of their seats."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from sreda.kernel import clock
from sreda.kernel.permissions import Actor, Seat
from sreda.registry.queries.seats import seats_of

SEAT_KEY = "seat"
SECOND_FACTOR_KEY = "second_factor"


class ActorMiddleware:
    """`request.actor` is worked out when first used; its rights are as of today."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: actor_of(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def actor_of(request: HttpRequest) -> Actor:
    """The actor of a request; seats that wait for a second factor give no rights yet."""
    today = clock.today()
    user = request.user
    if not user.is_authenticated:
        return Actor(on=today)
    seats = seats_of(user.person_id, today) if user.person_id else ()
    held = withheld(request, seats)
    request.withheld_seats = held  # type: ignore[attr-defined]
    if held:
        seats = tuple(seat for seat in seats if seat not in held)
    chosen = request.session.get(SEAT_KEY)
    seat = next((s for s in seats if s.key == chosen), seats[0] if seats else None)
    return Actor(
        on=today,
        user_id=user.pk,
        person_id=user.person_id,
        name=user.get_full_name(),
        seats=seats,
        seat=seat,
    )


def withheld(request: HttpRequest, seats: tuple[Seat, ...]) -> tuple[Seat, ...]:
    """Seats whose role needs a second factor, in a session that has not shown one."""
    if request.session.get(SECOND_FACTOR_KEY) == str(request.user.pk):
        return ()
    return tuple(seat for seat in seats if seat.role in settings.REQUIRE_MFA)
