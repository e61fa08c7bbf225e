"""The first operator of an installation, and the way back in for one who lost the second factor."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from tests.factories import PostFactory, UserFactory, seated

from sreda.kernel.api import Actor, AuditEntry, notices_of
from sreda.registry.api import Post, Role, User

pytestmark = pytest.mark.django_db
SECRET = "сорок-два-тюленя"


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def told(*words: str) -> str:
    out = StringIO()
    call_command("operator", *words, stdout=out)
    return out.getvalue()


def set_password(text: str) -> None:
    link = re.search(r"https?://[^/\s]+(/account/\S+)", text)
    assert link
    visitor = Client()
    form = visitor.get(link[1], follow=True)
    sent = {"password1": SECRET, "password2": SECRET}
    assert visitor.post(form.redirect_chain[-1][0], sent).status_code == 302


def test_an_empty_installation_gets_its_first_operator(settings) -> None:
    settings.REQUIRE_MFA = frozenset()
    text = told("new", "Белова Анна Петровна", "--username", "belova")
    set_password(text)
    client = Client()
    client.post(reverse("account_login"), {"login": "belova", "password": SECRET})
    assert client.get(reverse("registry:municipalities")).status_code == 200
    post = Post.objects.get(role=Role.OPERATOR)
    assert post.person.full_name == "Белова Анна Петровна"


def test_what_is_wrong_is_said_in_words() -> None:
    with pytest.raises(CommandError, match="фамилию"):
        told("new", "Белова")
    told("new", "Белова Анна", "--username", "belova")
    with pytest.raises(CommandError, match="занято"):
        told("new", "Белова Анна", "--username", "BELOVA")
    assert Post.objects.count() == 1
    with pytest.raises(CommandError, match="нет"):
        told("link", "nobody")


def factor_of(user: User) -> None:
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    Authenticator.objects.create(user=user, type=Authenticator.Type.RECOVERY_CODES, data={})


def test_the_shell_lets_a_locked_out_operator_back_in() -> None:
    told("new", "Белова Анна", "--username", "belova")
    user = User.objects.get(username="belova")
    factor_of(user)
    told("link", "belova")
    assert Authenticator.objects.filter(user=user).count() == 2
    set_password(told("link", "Belova", "--drop-second-factor"))
    assert not Authenticator.objects.filter(user=user).exists()


def test_the_head_takes_off_a_lost_second_factor() -> None:
    head = seated(Role.HEAD)
    school = Post.objects.get(person_id=head.person_id).organisation
    teacher = PostFactory(organisation=school, role=Role.TEACHER).person
    user = UserFactory(person=teacher)
    client, theirs = signed_in(head), Client()
    page, drop = (
        reverse("registry:person", args=[teacher.pk]),
        reverse("registry:second_factor_drop", args=[teacher.pk]),
    )
    assert drop not in client.get(page).content.decode()
    assert client.get(drop).status_code == 404
    factor_of(user)
    theirs.force_login(user)
    theirs.get(reverse("cabinet"))
    assert drop in client.get(page).content.decode()
    assert client.post(drop, {"reason": ""}).status_code == 422
    assert client.post(drop, {"reason": "Потерян телефон"}).status_code == 302
    assert not Authenticator.objects.filter(user=user).exists()
    entry = AuditEntry.objects.get(action="registry.account.factor_dropped")
    assert entry.actor_id == head.user_id
    assert notices_of(teacher.pk).count() == 1


def test_nobody_takes_off_their_own_this_way() -> None:
    operator = seated(Role.OPERATOR)
    user = User.objects.get(pk=operator.user_id)
    factor_of(user)
    drop = reverse("registry:second_factor_drop", args=[operator.person_id])
    answer = signed_in(operator).post(drop, {"reason": "Надоел"})
    assert answer.status_code == 422
    assert Authenticator.objects.filter(user=user).count() == 2
