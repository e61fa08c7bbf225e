"""Small tests and packages for the tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from zipfile import ZipFile

from sreda.assessment.qti import Package, Test, TestSession, read_package
from sreda.assessment.qti.issues import Issues
from sreda.assessment.qti.package.sources import MemorySource

from .cases import HEAD, MATCH_CORRECT, SCORE, item_text, outcome, response

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
CP = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"

CHOICE = (
    '<qti-choice-interaction response-identifier="RESPONSE">'
    '<qti-simple-choice identifier="A">a</qti-simple-choice>'
    '<qti-simple-choice identifier="B">b</qti-simple-choice></qti-choice-interaction>'
)
RIGHT_IS_A = item_text(
    response("identifier", correct="A")
    + SCORE.replace("/>", ' normal-maximum="1" normal-minimum="0"/>'),
    CHOICE,
    MATCH_CORRECT,
)


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def ref(name: str, inner: str = "", attributes: str = "", href: str = "a.xml") -> str:
    return (
        f'<qti-assessment-item-ref identifier="{name}" href="{href}" {attributes}>{inner}'
        "</qti-assessment-item-ref>"
    )


def section(name: str, *inner: str, attributes: str = "") -> str:
    return (
        f'<qti-assessment-section identifier="{name}" title="{name}" visible="true" {attributes}>'
        f"{''.join(inner)}</qti-assessment-section>"
    )


def part(name: str, *inner: str, mode: str = "linear individual", before: str = "") -> str:
    navigation, submission = mode.split()
    return (
        f'<qti-test-part identifier="{name}" navigation-mode="{navigation}" '
        f'submission-mode="{submission}">{before}{"".join(inner)}</qti-test-part>'
    )


def make_text(*parts: str, outcomes: str = "", rules: str = "", before: str = "") -> str:
    processing = f"<qti-outcome-processing>{rules}</qti-outcome-processing>" if rules else ""
    return (
        f'<qti-assessment-test {HEAD} identifier="test" title="Test">'
        f"{outcomes}{before}{''.join(parts)}{processing}</qti-assessment-test>"
    )


def files_of(text: str, **more: str) -> dict[str, bytes]:
    files = {"test.xml": text, "a.xml": RIGHT_IS_A}
    files.update({name.replace("__", "."): content for name, content in more.items()})
    return {name: content.encode() for name, content in files.items()}


def package(files: dict[str, bytes]) -> Package:
    return read_package(MemorySource("p", files))


def make_test(text: str, **more: str) -> Test:
    """The test; it must be without errors."""
    found = package(files_of(text, **more)).tests["test.xml"]
    assert [issue.text() for issue in found.issues if issue.severity == "error"] == []
    return found


def begin(test: Test, seed: int = 0) -> TestSession:
    return TestSession.start(test, at=AT, seed=seed)


def keys(session: TestSession) -> list[str]:
    return [entry.key for entry in session.plan]


def manifest(*resources: str, identifier: str = "m") -> bytes:
    return (
        f'<manifest xmlns="{CP}" identifier="{identifier}"><organizations/>'
        f"<resources>{''.join(resources)}</resources></manifest>"
    ).encode()


def resource(name: str, href: str, *inner: str, kind: str = "imsqti_item_xmlv3p0") -> str:
    return (
        f'<resource identifier="{name}" type="{kind}" href="{href}"><file href="{href}"/>'
        f"{''.join(inner)}</resource>"
    )


def dependency(name: str) -> str:
    return f'<dependency identifierref="{name}"/>'


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def codes(found: Package | Issues) -> set[str]:
    issues = found.issues if isinstance(found, Package) else tuple(found)
    return {issue.code for issue in issues}


TOTAL = outcome("TOTAL")
