"""Who may open what in learning records: lines of the access matrix.

The resources of xAPI know no sign-in: whoever comes without a key of a source gets a 401.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from sreda.kernel import clock
from sreda.records.api import Scope, make
from sreda.records.domain.agreements import make_agreement

TABLE = """
GET  records:people                       login | go      teacher=ok parent=ok
GET  records:person                       login | no      teacher=ok pupil=ok parent=ok
GET  records:totals                       login | no      operator=ok
GET  records:credentials                  login | no      operator=ok
GET  records:credential_add               login | no      operator=ok
POST records:credential_add               login | no      operator=bad
GET  records:credential_revoke            login | no      operator=ok
POST records:credential_revoke            login | no      operator=go
GET  records:agreements                   login | no      operator=ok
GET  records:agreement_add                login | no      operator=ok
POST records:agreement_add                login | no      operator=bad
GET  records:agreement                    login | no      operator=ok
GET  records:agreement_revoke             login | no      operator=ok
POST records:agreement_revoke             login | no      operator=bad

GET  xapi:statements                      401   | 401
POST xapi:statements                      401   | 401
GET  xapi:state                           401   | 401
POST xapi:state                           401   | 401
GET  xapi:activity_profile                401   | 401
POST xapi:activity_profile                401   | 401
GET  xapi:agent_profile                   401   | 401
POST xapi:agent_profile                   401   | 401
GET  xapi:activities                      401   | 401
GET  xapi:agents                          401   | 401
GET  xapi:about                           ok    | ok
"""


def prepare(world: Any) -> None:
    at = clock.now()
    world.credential = make("проверка", scopes=["all"], at=at).credential
    partner = make("партнёр", scopes=[Scope.BY_AGREEMENT], at=at).credential
    day = timezone.localtime(at).date()
    world.agreement = make_agreement(
        number="1", partner="Партнёр", purpose="Проверка", since=day, until=day, credential=partner,
        people=[world.people["pupil"]], at=at, actor=None,
    )  # fmt: skip


PARTS = {
    "records:person": lambda w: {"pk": w.people["pupil"].pk},
    "records:credential_revoke": lambda w: {"pk": w.credential.pk},
    "records:agreement": lambda w: {"pk": w.agreement.pk},
    "records:agreement_revoke": lambda w: {"pk": w.agreement.pk},
}
