"""The file of a pack goes when its term is over; the pack and what is known of the file stay."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.factories import seated

from sreda.kernel import clock
from sreda.kernel.api import AuditEntry, path_of, store
from sreda.programme.domain.packs import cancel, confirm, stage, stage_again
from sreda.programme.domain.retention import remove_old_packs
from sreda.programme.models import PackLoad
from sreda.programme.pack import shipped_pack
from sreda.registry.api import Role, User

pytestmark = pytest.mark.django_db
NOW = clock.now()


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def after(django_capture_on_commit_callbacks):
    def removed(days: int) -> int:
        with django_capture_on_commit_callbacks(execute=True):
            return remove_old_packs(at=NOW + timedelta(days=days), days=90)

    return removed


def staged() -> PackLoad:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for file in shipped_pack("kemerovo-2018").glob("*.csv"):
            archive.write(file, file.name)
    upload = SimpleUploadedFile("приказ.zip", out.getvalue())
    kept = store(upload, at=NOW, actor=None, kinds=frozenset({".zip"}))
    return stage(file=kept, actor=None, at=NOW)


def test_a_loaded_pack_keeps_its_name_and_sum(after) -> None:
    load = confirm(load=staged().pk, actor=None, at=NOW + timedelta(days=5))
    assert after(94) == 0
    assert after(96) == 1
    assert after(96) == 0
    load.refresh_from_db()
    assert load.file
    assert load.file.removed_at
    assert not path_of(load.file).exists()
    assert (load.name, load.sha256, load.status) == ("приказ.zip", load.file.sha256, "confirmed")
    client = Client()
    client.force_login(User.objects.get(pk=seated(Role.OPERATOR).user_id))
    url = reverse("programme:pack", args=[load.pk])
    original = reverse("programme:original", args=[load.pk])
    page = client.get(url).content.decode()
    assert load.file.removal in page
    assert load.sha256 in page
    assert original not in page
    assert client.get(original).headers["Location"] == url
    assert client.get(reverse("programme:load_xlsx", args=[load.pk])).status_code == 200
    again = stage_again(load=load, actor=None, at=NOW + timedelta(days=97))
    assert again.tables == load.tables
    assert AuditEntry.objects.get(action="kernel.file.removed").data["name"] == "приказ.zip"


def test_a_pack_left_lying_is_cancelled(after) -> None:
    load = staged()
    assert after(89) == 0
    assert after(91) == 1
    load.refresh_from_db()
    assert load.status == "cancelled"
    assert load.file
    assert load.file.removed_at


def test_a_file_compared_again_waits_for_the_later_load(after) -> None:
    load = staged()
    cancel(load=load.pk, actor=None, at=NOW)
    again = stage_again(load=load, actor=None, at=NOW + timedelta(days=50))
    assert again.file_id == load.file_id
    assert after(100) == 0
    assert after(141) == 1
