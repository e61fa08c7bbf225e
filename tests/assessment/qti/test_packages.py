"""Packages: what is read, what is refused, what is written again."""

from __future__ import annotations

import stat
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from random import Random
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from sreda.assessment.qti import (
    PackageLimits,
    QtiError,
    package_files,
    read_item,
    read_package,
    score_test,
    write_item,
    write_package,
)

from .cases import MATCH_CORRECT, SCORE, item_text, response
from .worlds import (
    CHOICE,
    RIGHT_IS_A,
    codes,
    dependency,
    files_of,
    make_text,
    manifest,
    package,
    part,
    ref,
    resource,
    section,
    zipped,
)

TWO = """<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="two"
 title="Two" adaptive="false" timeDependent="false" xml:lang="ru">
 <responseDeclaration identifier="RESPONSE" cardinality="single" baseType="identifier">
  <correctResponse><value>A</value></correctResponse></responseDeclaration>
 <outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>
 <itemBody><p>Где? <img src="media/%D0%B0.png" alt=""/></p>
  <rubricBlock view="scorer"><p>ключ</p></rubricBlock>
  <choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="1">
   <simpleChoice identifier="A">a</simpleChoice><simpleChoice identifier="B">b</simpleChoice>
  </choiceInteraction></itemBody>
 <responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"/>
 <modalFeedback outcomeIdentifier="SCORE" identifier="x" showHide="show">да</modalFeedback>
</assessmentItem>"""


def whole() -> dict[str, bytes]:
    """A package with a test, an item of 2.1, a picture and metadata."""
    files = files_of(make_text(part("P", section("S", ref("a"), ref("b", href="i/two.xml")))))
    metadata = (
        '<metadata><lom xmlns="http://ltsc.ieee.org/xsd/LOM"><general><title><string language="ru">'
        "Имя</string></title></general></lom></metadata>"
    )
    files |= {
        "i/two.xml": TWO.encode(),
        "i/media/а.png": b"\x89PNG",
        "imsmanifest.xml": manifest(
            resource("t", "test.xml", dependency("a"), dependency("b"), kind="imsqti_test_xmlv3p0"),
            resource("a", "a.xml"),
            resource("b", "i/two.xml", metadata, '<file href="i/media/%D0%B0.png"/>',
                     kind="imsqti_item_xmlv2p1"),
        ),
    }  # fmt: skip
    return files


def test_a_package_is_read_whole(tmp_path: Path):
    data = zipped(whole())
    (tmp_path / "p.zip").write_bytes(data)
    folder = tmp_path / "folder"
    for name, content in whole().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    for path in (data, tmp_path / "p.zip", folder):
        found = read_package(path)
        assert found.sound, [issue.text() for issue in found.issues]
        assert set(found.items) == {"a.xml", "i/two.xml"}
        assert found.items["i/two.xml"].version == "2.1"
        assert found.media == {"i/media/а.png"}
        assert found.resources["b"].metadata is not None
        scored = score_test(found.tests["test.xml"], {"a": {"RESPONSE": "A"}})
        assert scored.as_json()["a.SCORE"] == 1.0


def test_a_package_written_again_is_the_same():
    first = read_package(zipped(whole()))
    data = write_package(first)
    assert data == write_package(first)
    second = read_package(data)
    assert second.sound, [issue.text() for issue in second.issues]
    for path, item in first.items.items():
        assert second.items[path].source.same_as(item.source)
        assert second.items[path].version == "3.0"
    assert second.tests["test.xml"].source.same_as(first.tests["test.xml"].source)
    assert second.source.read("i/media/а.png") == b"\x89PNG"
    assert "Имя" in second.resources["b"].metadata.text
    assert set(second.resources["t"].dependencies) == {"a", "b"}
    third = package_files(second)
    assert third == package_files(read_package(write_package(second)))


OLD_METADATA = """<metadata xmlns:md="http://www.imsglobal.org/xsd/imsmd_v1p2"
 xmlns:q="http://www.imsglobal.org/xsd/imsqti_metadata_v2p0"><schema>QTI</schema>
 <schemaversion>2.0</schemaversion>
 <md:lom><md:general><md:identifier>item-1</md:identifier>
  <md:catalogentry><md:catalog>C</md:catalog><md:entry><md:langstring>7</md:langstring></md:entry>
  </md:catalogentry>
  <md:title><md:langstring xml:lang="ru">Имя</md:langstring></md:title></md:general>
 <md:lifecycle><md:status><md:source><md:langstring xml:lang="x-none">LOMv1.0</md:langstring>
  </md:source><md:value><md:langstring xml:lang="x-none">Draft</md:langstring></md:value>
 </md:status></md:lifecycle>
 <md:educational><md:typicallearningtime><md:datetime>PT5M</md:datetime></md:typicallearningtime>
 </md:educational></md:lom>
 <label xmlns="http://www.w3.org/2000/01/rdf-schema">mine</label>
 <q:qtiMetadata><q:timeDependent>false</q:timeDependent><q:interactionType>choice</q:interactionType>
  <q:interactionType>magic</q:interactionType><q:solutionAvailable/></q:qtiMetadata></metadata>"""


def test_metadata_become_what_the_manifest_of_3_allows():
    """In its order and namespaces: QTI's own, then LOM, which also holds what has no place."""
    files = {
        "a.xml": RIGHT_IS_A.encode(),
        "imsmanifest.xml": manifest(resource("a", "a.xml", OLD_METADATA)),
    }
    found = package(package_files(package(files))).resources["a"].metadata
    assert found is not None
    assert [(one.name, one.ns.rpartition("/")[2]) for one in found.elements] == [
        ("qtiMetadata", "imsqti_metadata_v3p0"),
        ("lom", "LOM"),
    ]
    own, lom = found.elements
    assert [(one.name, one.text) for one in own.elements] == [
        ("timeDependent", "false"),
        ("interactionType", "choiceInteraction"),
    ]
    leaves = [(one.name, one.text) for one in lom.walk() if not one.elements]
    assert leaves == [
        ("entry", "item-1"),
        ("catalog", "C"),
        ("entry", "7"),
        ("string", "Имя"),
        ("source", "LOMv1.0"),
        ("value", "Draft"),
        ("duration", "PT5M"),
        ("label", "mine"),
    ]
    names = {one.name for one in lom.walk() if one.ns == lom.ns}
    assert {"lifeCycle", "typicalLearningTime", "identifier"} <= names
    assert [one.get("language") for one in lom.walk() if one.name == "string"] == ["ru"]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("webcontent", "webcontent"),
        ("css2", "css2"),
        ("imsqti_v2p1", "webcontent"),
        ("imslti_xmlv1p1", "imsbasiclti_xmlv1p3"),
        (
            "associatedcontent/apip_xmlv1p0/learning-application-resource",
            "associatedcontent/learning-application-resource",
        ),
    ],
)
def test_types_of_files_are_those_of_3(said, wanted):
    files = {
        "a.xml": RIGHT_IS_A.encode(),
        "x.bin": b"x",
        "imsmanifest.xml": manifest(resource("a", "a.xml"), resource("x", "x.bin", kind=said)),
    }
    assert package(package_files(package(files))).resources["x"].type == wanted


def test_the_manifest_is_written_where_it_was_read():
    """Another package inside does not take its place."""
    files = {
        "a.xml": RIGHT_IS_A.encode(),
        "imsmanifest.xml": manifest(resource("a", "a.xml")),
        "Z/imsmanifest.xml": manifest(resource("z", "z.xml")),
        "A/imsmanifest.xml": manifest(resource("z", "z.xml")),
    }
    again = package(package_files(package(files)))
    assert set(again.items) == {"a.xml"}
    assert set(again.resources) == {"a"}


def test_qti_2_becomes_qti_3():
    made = package_files(read_package(zipped(whole())))["i/two.xml"].decode()
    assert '<qti-simple-choice identifier="A">' in made
    assert 'response-identifier="RESPONSE"' in made
    assert "purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml" in made
    assert 'view="scorer" use="instructions"><qti-content-body><p>ключ</p>' in made
    assert "<qti-content-body>да</qti-content-body></qti-modal-feedback>" in made
    assert 'xml:lang="ru"' in made


def test_html_and_portable_interactions_of_qti_2_become_those_of_3():
    text = """<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p2" identifier="p"
 title="p" adaptive="false" timeDependent="false"
 xmlns:h="http://www.imsglobal.org/xsd/imsqtiv2p2_html5_v1p0"
 xmlns:pci="http://www.imsglobal.org/xsd/portableCustomInteraction_v1">
 <responseDeclaration identifier="RESPONSE" cardinality="single" baseType="integer"/>
 <templateDeclaration identifier="X" cardinality="single" baseType="integer"/>
 <itemBody><h:figure><h:figcaption>f</h:figcaption></h:figure>
  <customInteraction responseIdentifier="RESPONSE" id="c">
   <pci:portableCustomInteraction customInteractionTypeIdentifier="urn:x" hook="x/main.js">
    <pci:templateVariableMapping templateIdentifier="X" configurationProperty="x"/>
    <pci:properties><pci:property key="maxValue">5</pci:property></pci:properties>
    <pci:markup><h:div class="own">m</h:div></pci:markup>
   </pci:portableCustomInteraction>
  </customInteraction></itemBody></assessmentItem>"""
    made = read_item(text)
    assert [one.kind for one in made.interactions] == ["portable-custom"]
    written = write_item(made).decode()
    assert "<figure><figcaption>f</figcaption></figure>" in written
    assert '<qti-template-variable template-identifier="X"/>' in written
    portable = made.interactions[0].element
    assert portable.get("module") == "x/main.js"
    assert portable.get("data-max-value") == "5"
    assert portable.get("response-identifier") == "RESPONSE"
    assert '<qti-interaction-markup><div class="own">m</div></qti-interaction-markup>' in written


def test_unknown_but_allowed_content_is_kept():
    body = (
        '<div data-catalog-idref="c1" data-own="x" aria-label="y" class="qti-layout-row">'
        '<qti-portable-custom-interaction response-identifier="RESPONSE" data-start="5" '
        'module="m" custom-interaction-type-identifier="urn:x"><qti-interaction-modules '
        'primary-configuration="c.json"><qti-interaction-module id="m" primary-path="m.js"/>'
        '</qti-interaction-modules><qti-interaction-markup><div class="own"><b>x</b></div>'
        "</qti-interaction-markup></qti-portable-custom-interaction></div>"
    )
    catalog = (
        '<qti-catalog-info><qti-catalog id="c1"><qti-card support="spoken"><qti-html-content>'
        "<p>чтение</p></qti-html-content></qti-card></qti-catalog></qti-catalog-info>"
    )
    text = item_text(response("integer") + SCORE, body, catalog + MATCH_CORRECT)
    found = package({"i.xml": text.encode(), "m.js": b"1", "imsmanifest.xml": manifest(
        resource("i", "i.xml", '<file href="m.js"/>'))})  # fmt: skip
    made = package_files(found)["i.xml"].decode()
    for kept in ('data-own="x"', 'aria-label="y"', 'data-start="5"', "<b>x</b>", 'support="spoken"',
                 'primary-configuration="c.json"', "чтение"):  # fmt: skip
        assert kept in made
    assert found.items["i.xml"].catalog is not None


def test_a_manifest_in_a_folder_of_the_archive():
    found = read_package(zipped({f"course/{name}": data for name, data in whole().items()}))
    assert found.sound, [issue.text() for issue in found.issues]
    assert set(found.tests) == {"course/test.xml"}
    assert read_package(write_package(found)).sound


def test_without_a_manifest_everything_is_found():
    files = whole()
    del files["imsmanifest.xml"]
    found = package(files)
    assert codes(found) >= {"manifest-missing"}
    assert set(found.items) == {"a.xml", "i/two.xml"}


def test_a_single_file(tmp_path: Path):
    path = tmp_path / "item.xml"
    path.write_text(RIGHT_IS_A)
    found = read_package(path)
    assert found.sound
    assert [item.identifier for item in found.items.values()] == ["item"]


def item_with(body: str) -> bytes:
    return item_text(
        response("identifier", correct="A") + SCORE, CHOICE + body, MATCH_CORRECT
    ).encode()


FAULTS = {
    "link-outside": ({"a.xml": item_with('<p><img src="../../etc/x.png" alt=""/></p>')}, None),
    "link-broken": ({"a.xml": item_with('<p><img src="gone.png" alt=""/></p>')}, None),
    "link-remote": ({"a.xml": item_with('<p><img src="https://x/y.png" alt=""/></p>')}, None),
    "script": ({"a.xml": item_with("<script>alert(1)</script>")}, None),
    "xml-broken": ({"a.xml": b'<?xml version="1.0" encoding="klingon"?><a/>'}, None),
    "xml-broken-at": ({"a.xml": b"<qti-assessment-item"}, None),
    "xml-entity": (
        {"a.xml": b'<!DOCTYPE a [<!ENTITY x "x">]><qti-assessment-item>&x;</qti-assessment-item>'},
        None,
    ),
    "not-qti": ({"a.xml": b"<html/>"}, None),
    "element-unknown": ({"a.xml": item_with("<qti-magic/>")}, None),
    "dependency-unknown": ({}, [resource("a", "a.xml", dependency("gone"))]),
    "identifier-twice": ({}, [resource("a", "a.xml"), resource("a", "a.xml")]),
    "dependency-cycle": (
        {"b.xml": RIGHT_IS_A.encode()},
        [resource("a", "a.xml", dependency("b")), resource("b", "b.xml", dependency("a"))],
    ),
    "attribute-missing": ({}, ['<resource type="imsqti_item_xmlv3p0" href="a.xml"/>']),
    "file-unlisted": ({"more.txt": b"x"}, None),
    "namespace": ({"a.xml": RIGHT_IS_A.replace("imsqtiasi_v3p0", "other").encode()}, None),
    "namespace-foreign": (
        {"a.xml": item_with('<x:qti-prompt xmlns:x="urn:other">p</x:qti-prompt>')},
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", FAULTS)
def test_faults_are_listed_with_their_place(code):
    files, resources = FAULTS[code]
    listed = resources or [resource("a", "a.xml")]
    found = package({"a.xml": RIGHT_IS_A.encode(), "imsmanifest.xml": manifest(*listed), **files})
    issue = next(one for one in found.issues if one.code == code)
    assert issue.file
    assert issue.line or code in ("file-unlisted", "nothing")
    assert issue.text().startswith(issue.file)


@pytest.mark.parametrize(
    "href", ["../x.xml", "/etc/passwd", "a/../../x.xml", "..%2Fx.xml", "C:/x.xml", "a\\b.xml"]
)
def test_resources_do_not_leave_the_package(href):
    found = package({"imsmanifest.xml": manifest(resource("a", href))})
    assert codes(found) & {"link-outside", "link-remote"}
    assert not found.items


@pytest.mark.parametrize(
    "name", ["../up.xml", "/root.xml", "a/../../b.xml", "C:\\x.xml", "..\\up.xml"]
)
def test_members_do_not_leave_the_archive(name):
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr(ZipInfo(name), "x")
        archive.writestr("a.xml", RIGHT_IS_A)
    found = read_package(buffer.getvalue())
    assert "zip-path" in codes(found)
    assert set(found.items) == {"a.xml"}
    assert all(".." not in path for path in package_files(found))


def archive_of(change) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        change(archive)
    return buffer.getvalue()


def link(archive: ZipFile) -> None:
    one = ZipInfo("link.xml")
    one.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(one, "/etc/passwd")


def twice(archive: ZipFile) -> None:
    archive.writestr("a.xml", RIGHT_IS_A)
    with pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.xml", "other")


def test_links_and_doubles_of_an_archive_are_left_out():
    assert "zip-link" in codes(read_package(archive_of(link)))
    found = read_package(archive_of(twice))
    assert "zip-twice" in codes(found)


RANDOM = bytes(Random(1).randbytes(4_000_000))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK no zip", "zip-broken"),
        (archive_of(lambda a: a.writestr("x.bin", b"0" * 5_000_000)), "zip-ratio"),
        (
            archive_of(lambda a: [a.writestr(f"{n}.bin", b"0" * 900_000) for n in range(9)]),
            "zip-ratio",
        ),
        (
            archive_of(lambda a: [a.writestr(f"{n}.bin", RANDOM) for n in range(3)]),
            "too-large",
        ),
        (
            archive_of(lambda a: [a.writestr(f"{n}.txt", b"") for n in range(30)]),
            "zip-members",
        ),
    ],
)
def test_archives_that_are_refused(data, code):
    with pytest.raises(QtiError) as error:
        read_package(data, limits=PackageLimits(members=20, unpacked=10_000_000))
    assert error.value.issue.code == code


def test_a_member_may_not_lie_about_its_size():
    data = archive_of(lambda a: a.writestr("a.xml", RIGHT_IS_A + " " * 1000))
    broken = data[:-200] + bytes(b ^ 0x55 for b in data[-200:-120]) + data[-120:]
    with suppress(QtiError):
        assert not read_package(broken).items


def test_a_file_that_is_too_large(tmp_path: Path):
    path = tmp_path / "item.xml"
    path.write_text(RIGHT_IS_A)
    with pytest.raises(QtiError) as error:
        read_package(path, limits=PackageLimits(xml_bytes=100))
    assert error.value.issue.code == "too-large"
    with pytest.raises(QtiError):
        read_package(tmp_path / "gone")
