"""Addresses of the cabinets."""

from django.urls import path

from sreda.portal.web.cabinet import audit, home, invitations, notices, own

urlpatterns = [
    path("", home.home, name="cabinet"),
    path("seat/", home.seat, name="seat"),
    path("profile/", own.profile, name="profile"),
    path("security/", own.security, name="security"),
    path("invitations/", invitations.invitations, name="invitations"),
    path("notices/", notices.notices, name="notices"),
    path("notices/read/", notices.read_all, name="notices_read"),
    path("notices/<uuid:pk>/", notices.notice, name="notice"),
    path("audit/", audit.audit, name="audit"),
    path("audit/<int:pk>/", audit.audit_entry, name="audit_entry"),
]
