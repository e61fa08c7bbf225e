"""Addresses of the learning record store, as the standard names them."""

from django.urls import path, re_path

from sreda.exchange.xapi.rest import documents, others, statements

app_name = "xapi"
urlpatterns = [
    path("statements", statements.statements, name="statements"),
    path("activities/state", documents.state, name="state"),
    path("activities/profile", documents.activity_profile, name="activity_profile"),
    path("agents/profile", documents.agent_profile, name="agent_profile"),
    path("activities", others.activities, name="activities"),
    path("agents", others.agents, name="agents"),
    path("about", others.about, name="about"),
    re_path("", others.unknown),
]
