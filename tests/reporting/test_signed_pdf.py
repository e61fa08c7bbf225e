"""A report as PDF: what was signed, by whom, when, with its digest; never what came after."""

from __future__ import annotations

import pytest
from django.urls import reverse

from sreda.kernel import clock
from sreda.reporting.domain import handing_in
from sreda.reporting.domain.consolidation import digest_of
from sreda.reporting.domain.filling import Change
from sreda.reporting.models import SubmissionStep
from sreda.reporting.queries.signed import values_signed
from sreda.reporting.web import workbooks
from tests.reporting.test_handing_in import coordinator, head, ready, school, type_in
from tests.reporting.test_surveys import client_of
from tests.reporting.world import AT

assert head
assert school
assert coordinator
pytestmark = pytest.mark.django_db


@pytest.fixture
def printed(monkeypatch):
    """What goes into the document, which is made all the same."""
    seen = []
    made = workbooks.to_pdf

    def to_pdf(report, **more):
        seen.append(report)
        return made(report, **more)

    monkeypatch.setattr(workbooks, "to_pdf", to_pdf)
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setattr(clock, "today", lambda: AT.date())
    return seen


def said(report):
    return {
        str(cell)
        for _title, blocks in report.groups
        for block in blocks
        for row in block.rows
        for cell in row
    }


def test_a_draft_says_so(school, head, printed):
    mine = ready(school, head)
    answer = client_of(head).get(reverse("reporting:pdf", args=[mine.pk]))
    assert answer.content.startswith(b"%PDF-")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].endswith('.pdf"')
    assert list(printed[0].notes) == ["Черновик: отчёт не сдан."]


def test_what_was_signed_is_printed_though_it_was_changed_since(school, head, coordinator, printed):
    mine = ready(school, head)
    type_in(mine, head, Change("clubs.*.title", "Хор", row="r1"), ("base.area", "120,5"))
    handing_in.submit(mine, actor=head, at=AT)
    step = SubmissionStep.objects.get(kind="submitted")
    reader, address = client_of(head), reverse("reporting:pdf", args=[mine.pk])
    reader.get(address)
    signed = "\n".join(printed[-1].notes)
    for part in (step.digest, head.name, "20 ноября 2026"):
        assert part in signed
    assert {"120,5", "Хор", "2"} <= said(printed[-1])
    assert step.digest in reader.get(reverse("reporting:history", args=[mine.pk])).content.decode()
    handing_in.send_back(mine, comment="Проверьте площадь", actor=coordinator, at=AT)
    type_in(mine, head, ("base.area", "777"))
    reader.get(address)
    assert "120,5" in said(printed[-1])
    assert "777" not in said(printed[-1])
    assert len(printed[-1].notes) == 3  # and that it is not the last word
    handing_in.submit(mine, actor=head, at=AT)
    reader.get(address)
    assert "777" in said(printed[-1])
    reader.get(address, {"step": step.pk})
    assert "120,5" in said(printed[-1])
    for wrong in ("x", school.pk):
        assert reader.get(address, {"step": wrong}).status_code == 404


def test_values_read_back_are_those_that_were_signed(school, head):
    mine = ready(school, head)
    handing_in.submit(mine, actor=head, at=AT)
    step = SubmissionStep.objects.get(kind="submitted")
    assert digest_of(handing_in.content_of(values_signed(step))) == step.digest
