"""Signing in through an outside service (OpenID Connect, as ESIA is connected).

The provider is a real one, if tiny: it listens on loopback, gives out one-time codes against
PKCE, signs its tokens with RSA and publishes its keys. Our side is not touched.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from sreda.kernel.api import AuditEntry
from sreda.registry.api import User
from tests.factories import PersonFactory, PostFactory, UserFactory

pytestmark = pytest.mark.django_db
CLIENT, SECRET = "sreda", "shared-secret"


class Provider:
    """Signs in whoever `claims` describes, without asking."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.claims: dict[str, Any] = {"sub": "1000"}
        self.userinfo: dict[str, Any] | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.token_requests = 0
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: Any) -> None:
                pass

            def answer(self, data: Any, status: int = 200) -> None:
                body = json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                asked = {k: v[0] for k, v in parse_qs(url.query).items()}
                match url.path:
                    case "/.well-known/openid-configuration":
                        self.answer(provider.configuration())
                    case "/authorize":
                        assert asked["client_id"] == CLIENT
                        assert "openid" in asked["scope"].split()
                        code = secrets.token_urlsafe()
                        provider.codes[code] = asked
                        back = {"code": code, "state": asked["state"]}
                        self.send_response(302)
                        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(back)}")
                        self.send_header("Content-Length", "0")
                        self.end_headers()
                    case "/userinfo":
                        assert self.headers["Authorization"] == "Bearer access"
                        self.answer(provider.userinfo or provider.claims)
                    case "/keys":
                        public = jwt.algorithms.RSAAlgorithm.to_jwk(
                            provider.key.public_key(), as_dict=True
                        )
                        self.answer({"keys": [public | {"kid": "1", "use": "sig"}]})
                    case _:
                        self.answer({}, 404)

            def do_POST(self) -> None:
                provider.token_requests += 1
                length = int(self.headers["Content-Length"])
                sent = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
                asked = provider.codes.pop(sent.get("code", ""), None)
                if asked is None or sent.get("client_secret") != SECRET:
                    return self.answer({"error": "invalid_grant"}, 400)
                digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
                challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
                if challenge != asked["code_challenge"]:
                    return self.answer({"error": "invalid_grant"}, 400)
                now = int(time.time())
                claims = {"iss": provider.issuer, "aud": CLIENT, "iat": now, "exp": now + 300}
                if nonce := asked.get("nonce"):
                    claims["nonce"] = nonce
                token = jwt.encode(
                    claims | provider.claims, provider.key, "RS256", headers={"kid": "1"}
                )
                return self.answer(
                    {"access_token": "access", "token_type": "Bearer", "id_token": token}
                )

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    cache.clear()
    made = Provider()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    connect(settings, made, {"claim": "snils", "field": "external_id"})
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def connect(settings: Any, provider: Provider, person: dict[str, str] | None) -> None:
    """As SREDA_OIDC does (docs/sign-in.md)."""
    more = {"person": person} if person else {}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "esia",
                    "name": "Госуслуги",
                    "client_id": CLIENT,
                    "secret": SECRET,
                    "settings": {"server_url": provider.issuer, **more},
                }
            ],
        }
    }


def come_back(client: Client, process: str = "login") -> Any:
    """Press the button, be let in by the provider, return to us."""
    start = reverse("openid_connect_login", args=["esia"])
    there = client.post(f"{start}?process={process}")
    assert there.status_code == 302, there.content.decode()[:500]
    try:
        build_opener(_Stay).open(there.url)
    except Exception as redirect:
        back = urlsplit(redirect.headers["Location"])  # type: ignore[attr-defined]
    return client.get(f"{back.path}?{back.query}")


def test_the_button_is_on_the_sign_in_page(provider: Provider) -> None:
    page = Client().get(reverse("account_login")).content.decode()
    assert "Войти через Госуслуги" in page


def test_the_policy_lets_the_form_go_to_the_provider(settings: Any) -> None:
    settings.FORM_TARGETS = ["https://esia.example"]
    policy = Client().get(reverse("account_login")).headers["Content-Security-Policy"]
    assert "form-action 'self' https://esia.example;" in policy


def test_a_person_of_the_registry_enters_and_gets_an_account(provider: Provider) -> None:
    person = PostFactory(person__external_id="112-233-445 95").person
    provider.claims = {"sub": "1000", "snils": "112-233-445 95"}
    client = Client()
    answer = come_back(client)
    assert answer.status_code == 302
    assert answer.url == reverse("cabinet")
    assert person.full_name in client.get(reverse("cabinet")).content.decode()
    user = User.objects.get(person=person)
    assert not user.has_usable_password()
    assert AuditEntry.objects.filter(action="registry.account.opened").exists()
    come_back(Client())
    assert User.objects.filter(person=person).count() == SocialAccount.objects.count() == 1


def test_an_account_that_exists_is_linked(provider: Provider) -> None:
    user = UserFactory(person__external_id="112-233-445 95")
    provider.claims = {"sub": "1000", "snils": "112-233-445 95"}
    come_back(Client())
    assert SocialAccount.objects.get().user == user


def refused(answer: Any) -> str:
    assert answer.status_code == 403
    assert not SocialAccount.objects.exists()
    return re.sub(r"\s+", " ", answer.content.decode())


def test_someone_unknown_is_refused_with_the_reason(provider: Provider) -> None:
    provider.claims = {"sub": "1000", "snils": "000-000-000 00"}
    client = Client()
    page = refused(come_back(client))
    assert "Такого человека нет в реестре региона" in page
    assert client.get(reverse("cabinet")).status_code == 302
    assert not User.objects.exists()


def test_a_service_that_says_nothing_to_find_one_by(provider: Provider) -> None:
    PersonFactory(external_id="")
    assert "snils" in refused(come_back(Client()))


def test_two_people_in_one_answer(provider: Provider) -> None:
    PersonFactory(external_id="112-233-445 95")
    provider.claims = {"sub": "1000", "snils": "112-233-445 95"}
    provider.userinfo = {"sub": "2000", "snils": "112-233-445 95"}
    assert "двум разным людям" in refused(come_back(Client()))


def test_an_e_mail_counts_only_when_verified_and_one_persons(
    provider: Provider, settings: Any
) -> None:
    connect(settings, provider, {"claim": "email", "field": "email"})
    person = PersonFactory(email="Ivanova@school.example")
    provider.claims = {"sub": "1", "email": "ivanova@school.example", "email_verified": False}
    assert "не подтвердил ваш адрес" in refused(come_back(Client()))
    PersonFactory(email="ivanova@school.example")
    provider.claims["email_verified"] = True
    assert "несколько человек" in refused(come_back(Client()))
    type(person).objects.exclude(pk=person.pk).delete()
    come_back(Client())
    assert SocialAccount.objects.get().user.person == person


def test_a_closed_account_stays_closed(provider: Provider) -> None:
    UserFactory(person__external_id="112-233-445 95", is_active=False)
    provider.claims = {"sub": "1000", "snils": "112-233-445 95"}
    assert "закрыта" in refused(come_back(Client()))


def test_without_a_rule_only_those_who_linked_it_enter(provider: Provider, settings: Any) -> None:
    connect(settings, provider, None)
    assert "подключил его в своём кабинете" in refused(come_back(Client()))
    user = UserFactory()
    user.set_password("сибирский-кедр-2026")
    user.save()
    client = Client()
    client.post(
        reverse("account_login"), {"login": user.username, "password": "сибирский-кедр-2026"}
    )
    client.post(reverse("account_reauthenticate"), {"password": "сибирский-кедр-2026"})
    come_back(client, "connect")
    assert SocialAccount.objects.get().user == user
    other = Client()
    assert come_back(other).url == reverse("cabinet")


def test_linked_services_are_named_and_unlinked_one_by_one(
    provider: Provider, settings: Any
) -> None:
    connect(settings, provider, None)
    user = UserFactory()
    user.set_password("сибирский-кедр-2026")
    user.save()
    client, page = Client(), reverse("socialaccount_connections")
    sent = {"login": user.username, "password": "сибирский-кедр-2026"}
    client.post(reverse("account_login"), sent)
    assert "Ни один сервис не подключён" in client.get(page).content.decode()
    client.post(reverse("account_reauthenticate"), {"password": sent["password"]})
    come_back(client, "connect")
    linked = SocialAccount.objects.get()
    shown = client.get(page).content.decode()
    assert f'name="account" value="{linked.pk}"' in shown
    assert "аккаунт" not in shown.lower()
    client.post(page, {"account": linked.pk})
    assert not SocialAccount.objects.exists()


def test_an_answer_nobody_asked_for_is_not_taken(provider: Provider) -> None:
    PersonFactory(external_id="112-233-445 95")
    provider.claims = {"sub": "1000", "snils": "112-233-445 95"}
    callback = reverse("openid_connect_callback", args=["esia"])
    answer = Client().get(f"{callback}?code=stolen&state=made-up")
    assert answer.status_code == 401
    assert provider.token_requests == 0
