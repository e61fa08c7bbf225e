"""Addresses of the pages of learning records."""

from django.urls import path

from sreda.records.web import credentials, people

app_name = "records"
urlpatterns = [
    path("", people.people, name="people"),
    path("people/<uuid:pk>/", people.person, name="person"),
    path("totals/", credentials.totals, name="totals"),
    path("credentials/", credentials.credentials, name="credentials"),
    path("credentials/add/", credentials.credential_add, name="credential_add"),
    path("credentials/<uuid:pk>/revoke/", credentials.credential_revoke, name="credential_revoke"),
]
