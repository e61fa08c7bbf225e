"""Forms of signing in and of passkeys, in words people know."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

NAME = _("Name of the key")
NAME_HELP = _("So that you tell one key from another: “Phone”, “Work computer”.")


class SignInForm(LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("User name or e-mail")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class OneUse(BaseAuthenticateForm):  # type: ignore[misc]
    """A code of the app is taken once for as long as it is valid.

    The library remembers it for one step only, which the tolerated steps outlive.
    """

    def clean_code(self) -> str:
        code: str = super().clean_code()
        app = self.authenticator.type == Authenticator.Type.TOTP
        if app and not _used_first(self.user, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


def _used_first(user: Any, code: str) -> bool:
    """Remember the code for as long as its time step is taken; False when it was used already."""
    steps = 2 * app_settings.TOTP_TOLERANCE + 1
    key = f"sreda.totp.used.{user.pk}.{normalize_user_code(code)}"
    return bool(cache.add(key, "y", timeout=steps * app_settings.TOTP_PERIOD))


class SetUpAppForm(ActivateTOTPForm):  # type: ignore[misc]
    """The code that proves the app set up is used by that: it signs nobody in afterwards."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        _used_first(self.user, code)
        return code


class CodeForm(OneUse, AuthenticateForm):  # type: ignore[misc]
    """`has_app`, `has_keys`: by what the page may ask for it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code")
        self.fields["code"].widget.attrs.pop("placeholder", None)
        kinds = set(Authenticator.objects.filter(user=self.user).values_list("type", flat=True))
        self.has_app = Authenticator.Type.TOTP in kinds
        self.has_keys = Authenticator.Type.WEBAUTHN in kinds


class CodeAgainForm(OneUse, ReauthenticateForm):  # type: ignore[misc]
    pass


class AddKeyForm(AddWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label, self.fields["name"].help_text = NAME, NAME_HELP
        without_password = self.fields["passwordless"]
        without_password.label = _("Sign in without a password by this key")
        without_password.help_text = _("The key then asks for its PIN, fingerprint or face.")
        without_password.initial = True


class EditKeyForm(EditWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label, self.fields["name"].help_text = NAME, NAME_HELP
