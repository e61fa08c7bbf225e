"""Addresses of the pages of learning records."""

from django.urls import path

from sreda.records.web import agreements, credentials, people

app_name = "records"
urlpatterns = [
    path("", people.people, name="people"),
    path("people/<uuid:pk>/", people.person, name="person"),
    path("agreements/", agreements.agreements, name="agreements"),
    path("agreements/add/", agreements.agreement_add, name="agreement_add"),
    path("agreements/<uuid:pk>/", agreements.agreement, name="agreement"),
    path("agreements/<uuid:pk>/revoke/", agreements.agreement_revoke, name="agreement_revoke"),
    path("totals/", credentials.totals, name="totals"),
    path("credentials/", credentials.credentials, name="credentials"),
    path("credentials/add/", credentials.credential_add, name="credential_add"),
    path("credentials/<uuid:pk>/revoke/", credentials.credential_revoke, name="credential_revoke"),
]
