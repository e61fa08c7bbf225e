"""Metadata of a manifest as QTI 3.0 allows them: its own of items, curriculum standards, LOM.

The learning object metadata of IMS 1.2, usual in packages of QTI 2, become those of IEEE LOM. What
3.0 has no place for is kept inside `lom`, which takes elements of any other namespace.
"""

from __future__ import annotations

from ..words import words
from ..xml import Element
from ..xml.reader import XML

CP = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
LOM = "http://ltsc.ieee.org/xsd/LOM"
OWN = {
    "qtiMetadata": "http://www.imsglobal.org/xsd/imsqti_metadata_v3p0",
    "curriculumStandardsMetadataSet": "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscsmd_v1p1",
}
# those of IMS 1.2 by their names in small letters
NAMES = {
    name.lower(): name
    for name in words("""
        general identifier title language description keyword coverage structure aggregationLevel
        lifeCycle version status contribute role entity date metaMetadata metadataschema technical
        format size location requirement orComposite type name minimumVersion maximumVersion
        installationRemarks otherPlatformRequirements duration educational interactivityType
        learningResourceType interactivityLevel semanticDensity intendedEndUserRole context
        typicalAgeRange difficulty typicalLearningTime rights cost copyrightAndOtherRestrictions
        relation kind resource annotation classification purpose taxonPath source taxon id entry
        value catalog lom dateTime
        """)
} | {"catalogentry": "identifier", "metadatascheme": "metadataschema", "centity": "entity",
     "person": "entity"}  # fmt: skip
INTERACTIONS = words("""
    associateInteraction choiceInteraction customInteraction drawingInteraction
    endAttemptInteraction extendedTextInteraction gapMatchInteraction graphicAssociateInteraction
    graphicGapMatchInteraction graphicOrderInteraction hotspotInteraction hottextInteraction
    inlineChoiceInteraction matchInteraction mediaInteraction orderInteraction
    portableCustomInteraction positionObjectInteraction selectPointInteraction sliderInteraction
    textEntryInteraction uploadInteraction
    """)
VOCABULARY = words("source value catalog entry")


def metadata_of(old: Element | None, *, whole: bool = False) -> list[Element]:
    """The children for `metadata` of a resource, or of the `whole` package, in their order."""
    found: dict[str, Element] = {}
    rest: list[Element] = []
    for one in old.elements if old is not None else ():
        if one.name in ("schema", "schemaversion"):
            continue
        name = "lom" if one.name == "lom" else one.name
        if name in found or name not in ("lom", *OWN) or (whole and name == "qtiMetadata"):
            rest.append(one.copy())
        elif name == "lom":
            found[name] = lom_of(one)
        else:
            found[name] = _moved(one.copy(), OWN[name])
            _narrowed(found[name])
    # without a namespace there is no place for it
    rest = [one for one in rest if one.ns not in ("", CP)]
    if rest:
        holder = found.setdefault("lom", Element("lom", ns=LOM))
        for one in rest:
            holder.append(one)
    return [found[name] for name in (*OWN, "lom") if name in found]


def _moved(top: Element, ns: str) -> Element:
    home = top.ns
    for one in top.walk():
        if one.ns == home:
            one.ns = ns
    return top


def _narrowed(top: Element) -> None:
    """Of QTI's own metadata what says something: 2.0 called interactions `choice`, and exporters
    leave fields empty."""
    kept: list[Element | str] = []
    for one in top.elements:
        said = one.text.strip()
        if one.name == "interactionType" and said not in INTERACTIONS:
            said = f"{said}Interaction"
            one.children = [said]
        if one.name == "interactionType" and said not in INTERACTIONS:
            continue
        if said:
            kept.append(one)
    if top.name == "qtiMetadata":
        top.children = kept


def lom_of(old: Element) -> Element:
    """IEEE LOM of LOM in any of its namespaces, or of IMS metadata 1.2."""
    made = old.copy()
    if any(one.name == "langstring" or "imsmd" in one.ns for one in old.walk()):
        home = made.ns
        for one in list(made.walk()):
            if one.ns == home:
                _converted(one)
        return made
    return _moved(made, LOM)


def _converted(one: Element) -> None:
    """One element of IMS 1.2; what LOM does not know keeps its namespace."""
    name = NAMES.get(one.name.lower())
    above = one.parent.name if one.parent is not None else ""
    language = one.attributes.pop(f"{{{XML}}}lang", "").strip()
    match one.name.lower():
        case "langstring" | "string":
            name = "string"
            language = language or one.get("language")
        case "datetime" if above in ("duration", "typicalLearningTime"):
            name = "duration"
    if name is None:
        return
    one.ns, one.name = LOM, name
    one.attributes = {key: said for key, said in one.attributes.items() if key.startswith("{")}
    if name == "string" and language and language != "x-none":
        one.attributes["language"] = language
    in_taxon = above in ("taxonPath", "taxon")
    if name == "entity" or (name in VOCABULARY and not in_taxon):
        # a plain text, however many elements it stood in
        one.children = [one.text.strip()]
    elif name == "identifier" and not one.elements:
        said, one.children = one.text.strip(), []
        one.append(Element("entry", {}, said, ns=LOM))
