from django.urls import path

from . import views

app_name = "ui"
urlpatterns = [
    path("", views.gallery, name="gallery"),
    path("mode/", views.set_mode, name="mode"),
    path("language/", views.language, name="language"),
]
