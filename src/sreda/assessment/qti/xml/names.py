"""The names of QTI: the elements of 3.0, and how those of 2.x are written in it."""

from __future__ import annotations

import re
from functools import lru_cache

from ..words import words

QTI3 = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
QTI2 = {
    "http://www.imsglobal.org/xsd/imsqti_v2p0": "2.0",
    "http://www.imsglobal.org/xsd/imsqti_item_v2p0": "2.0",
    "http://www.imsglobal.org/xsd/imsqti_v2p1": "2.1",
    "http://www.imsglobal.org/xsd/imsqti_v2p2": "2.2",
    "http://www.imsglobal.org/xsd/apip/apipv1p0/qtiitem/imsqti_v2p1": "2.1",
    "http://www.imsglobal.org/xsd/apip/apipv1p0/qtitest/imsqti_v2p1": "2.1",
    "http://www.imsglobal.org/xsd/apip/apipv1p0/qtisection/imsqti_v2p1": "2.1",
    "http://www.imsglobal.org/xsd/imsaqti_item_v1p0": "2.1",
}
XINCLUDE = "http://www.w3.org/2001/XInclude"
MATHML = "http://www.w3.org/1998/Math/MathML"
# HTML had namespaces of its own before 3.0
HTML_SPACES = ("http://www.w3.org/1999/xhtml", "http://www.imsglobal.org/xsd/imsqtiv2p2_html5")
PCI2 = "http://www.imsglobal.org/xsd/portableCustomInteraction"

EXPRESSIONS = words("""
    base-value variable default correct map-response map-response-point null random-integer
    random-float math-constant multiple ordered container-size is-null index field-value random
    member delete contains substring not and or any-n match string-match pattern-match equal
    equal-rounded inside lt gt lte gte duration-lt duration-gte sum product subtract divide
    power integer-divide integer-modulus truncate round round-to integer-to-float max min gcd
    lcm repeat math-operator stats-operator custom-operator number-correct number-incorrect
    number-presented number-responded number-selected outcome-minimum outcome-maximum
    test-variables
    """)
RULES = words("""
    response-condition response-if response-else-if response-else set-outcome-value
    lookup-outcome-value exit-response response-processing-fragment template-condition
    template-if template-else-if template-else set-template-value set-correct-response
    set-default-value exit-template template-constraint outcome-condition outcome-if
    outcome-else-if outcome-else exit-test outcome-processing-fragment
    """)
INTERACTIONS = frozenset(
    f"{name}-interaction"
    for name in words("""
        choice order associate match gap-match inline-choice text-entry extended-text hottext
        hotspot select-point graphic-order graphic-associate graphic-gap-match position-object
        slider media drawing upload end-attempt portable-custom custom
    """)
)
STRUCTURE = words("""
    assessment-item assessment-test assessment-section assessment-stimulus assessment-item-ref
    assessment-section-ref assessment-stimulus-ref test-part response-declaration
    outcome-declaration template-declaration context-declaration default-value correct-response
    value mapping map-entry area-mapping area-map-entry match-table match-table-entry
    interpolation-table interpolation-table-entry template-processing response-processing
    outcome-processing item-body stimulus-body content-body rubric-block modal-feedback
    test-feedback feedback-block feedback-inline template-block template-inline printed-variable
    prompt stylesheet catalog-info catalog card card-entry html-content file-href
    companion-materials-info calculator calculator-type calculator-info rule measurement-system
    minimum-length minor-increment major-increment protractor increment-si increment-us
    description digital-material physical-material resource-icon
    rule-system rule-system-us rule-system-si
    simple-choice inline-choice simple-associable-choice simple-match-set gap gap-text gap-img
    hottext hotspot-choice associable-hotspot position-object-stage interaction-modules
    interaction-module interaction-markup stimulus-markup template-variable context-variable
    time-limits item-session-control selection ordering pre-condition branch-rule weight
    variable-mapping template-default adaptive-selection adaptive-engine-ref
    adaptive-settings-ref usagedata-ref metadata-ref
    """)
ELEMENTS = frozenset(
    f"qti-{name}" for name in EXPRESSIONS | RULES | INTERACTIONS | STRUCTURE | {"label"}
)
ROOTS = frozenset(f"qti-assessment-{name}" for name in ("item", "test", "section", "stimulus")) | {
    "qti-response-processing",
    "qti-outcome-declaration",
    "qti-outcome-processing",
    "qti-response-processing-fragment",
}

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPECIAL = {"durationLT": "qti-duration-lt", "durationGTE": "qti-duration-gte"}


@lru_cache(maxsize=4096)
def kebab(name: str) -> str:
    """`responseIdentifier` → `response-identifier`."""
    return _CAMEL.sub("-", name).lower() if not name.islower() else name


@lru_cache(maxsize=4096)
def qti3_name(name: str) -> str | None:
    """The 3.0 name of a 2.x element, or None where it is none of QTI's own (then it is HTML)."""
    made = _SPECIAL.get(name) or f"qti-{kebab(name)}"
    # an HTML label is none of QTI's
    return made if made in ELEMENTS and name != "label" else None


# HTML5 (and what the 2.x schemas allow of older HTML) that may stand in a body
HTML = words("""
    a abbr acronym address article aside audio b bdi bdo big blockquote br caption cite code col
    colgroup dd details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header
    hgroup hr i img ins del kbd label li main mark menu nav object ol p param picture pre q rb
    rp rt rtc ruby s samp section small source span strike strong style sub summary sup table
    tbody td tfoot th thead time tr track tt u ul var video wbr math svg input select option
    textarea ssml
    """)
ACTIVE = words("""
    script iframe embed applet frame frameset link meta base form button
    """)
