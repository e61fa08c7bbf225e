"""Files handed in: kept by content, refused by kind, size and disguise."""

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from sreda.kernel.api import download, path_of, store

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def root(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    return settings.MEDIA_ROOT


def keep(name, content, **options):
    return store(SimpleUploadedFile(name, content), at=NOW, actor=None, **options)


def test_equal_contents_are_kept_once(root):
    first, second = keep("a.pdf", b"%PDF-1.7 x"), keep("b.pdf", b"%PDF-1.7 x")
    assert path_of(first) == path_of(second)
    assert [p for p in root.rglob("*") if p.is_file()] == [path_of(first)]


def test_a_download_never_opens_inside_the_site():
    answer = download(keep("отчёт.pdf", b"%PDF-1.7 x"))
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert b"".join(answer.streaming_content) == b"%PDF-1.7 x"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"MZ"),
        ("a.pdf", b"<script>"),
        ("a.png", b"GIF89a"),
        ("a.csv", b"a;b\0c"),
        ("a", b"x"),
    ],
)
def test_what_is_not_what_it_says_is_refused_and_leaves_nothing(root, name, content):
    with pytest.raises(ValidationError, match="a"):
        keep(name, content)
    assert not [p for p in root.rglob("*") if p.is_file()]


def test_too_large_is_refused():
    with pytest.raises(ValidationError):
        keep("a.txt", b"x" * 20, limit=10)


def test_a_path_in_the_name_is_cut_off():
    assert keep("../../etc/pass\x00wd.txt", b"x").name == "passwd.txt"
