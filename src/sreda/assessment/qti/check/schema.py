"""Attributes of the elements of QTI 3.0; `!` marks those that must be there.

Common ones (id, class, label, dir, role, xml:*, aria-*, data-*) are allowed on all content.
"""

from __future__ import annotations

from ..words import words
from ..xml.names import ELEMENTS

COMMON = words("""
    id class label dir role tabindex title style lang slot hidden accesskey contenteditable
    translate spellcheck base dataset
    """)
TABLE = """
assessment-item: identifier! title! time-dependent! adaptive label tool-name tool-version
assessment-test: identifier! title! tool-name tool-version
assessment-section: identifier! title! visible! required fixed keep-together
assessment-stimulus: identifier! title! tool-name tool-version
assessment-item-ref: identifier! href! category required fixed
assessment-section-ref: identifier! href!
assessment-stimulus-ref: identifier! href! title
test-part: identifier! navigation-mode! submission-mode! title
response-declaration: identifier! cardinality! base-type
outcome-declaration: identifier! cardinality! base-type view interpretation long-interpretation
 normal-maximum normal-minimum mastery-value external-scored variable-identifier-ref
template-declaration: identifier! cardinality! base-type math-variable param-variable
context-declaration: identifier! cardinality! base-type
default-value: interpretation
correct-response: interpretation
value: field-identifier base-type
mapping: default-value lower-bound upper-bound
map-entry: map-key! mapped-value! case-sensitive
area-mapping: default-value lower-bound upper-bound
area-map-entry: shape! coords mapped-value!
match-table: default-value
match-table-entry: source-value! target-value!
interpolation-table: default-value
interpolation-table-entry: source-value! target-value! include-boundary
response-processing: template template-location
template-processing:
outcome-processing:
base-value: base-type!
variable: identifier! weight-identifier
default: identifier!
correct: identifier!
map-response: identifier!
map-response-point: identifier!
null:
random-integer: min max! step
random-float: min max!
math-constant: name!
multiple:
ordered:
container-size:
is-null:
index: n!
field-value: field-identifier!
random:
member:
delete:
contains:
substring: case-sensitive!
not:
and:
or:
any-n: min! max!
match:
string-match: case-sensitive! substring
pattern-match: pattern!
equal: tolerance-mode tolerance include-lower-bound include-upper-bound
equal-rounded: rounding-mode figures!
inside: shape! coords
lt:
gt:
lte:
gte:
duration-lt:
duration-gte:
sum:
product:
subtract:
divide:
power:
integer-divide:
integer-modulus:
truncate:
round:
round-to: rounding-mode! figures!
integer-to-float:
max:
min:
gcd:
lcm:
repeat: number-repeats!
math-operator: name!
stats-operator: name!
number-correct: section-identifier include-category exclude-category
number-incorrect: section-identifier include-category exclude-category
number-presented: section-identifier include-category exclude-category
number-responded: section-identifier include-category exclude-category
number-selected: section-identifier include-category exclude-category
outcome-minimum: section-identifier include-category exclude-category outcome-identifier!
 weight-identifier
outcome-maximum: section-identifier include-category exclude-category outcome-identifier!
 weight-identifier
test-variables: section-identifier include-category exclude-category variable-identifier!
 weight-identifier base-type
set-outcome-value: identifier!
lookup-outcome-value: identifier!
set-template-value: identifier!
set-correct-response: identifier!
set-default-value: identifier!
rubric-block: view! use
modal-feedback: outcome-identifier! identifier! show-hide! title
test-feedback: outcome-identifier! identifier! show-hide! access! title
feedback-block: outcome-identifier! identifier! show-hide
feedback-inline: outcome-identifier! identifier! show-hide
template-block: template-identifier! identifier! show-hide
template-inline: template-identifier! identifier! show-hide
printed-variable: identifier! format power-form base index delimiter field mapping-indicator
stylesheet: href! type! media title
choice-interaction: response-identifier! shuffle max-choices min-choices orientation
order-interaction: response-identifier! shuffle min-choices max-choices orientation
associate-interaction: response-identifier! shuffle max-associations min-associations
match-interaction: response-identifier! shuffle max-associations min-associations
gap-match-interaction: response-identifier! shuffle max-associations min-associations
inline-choice-interaction: response-identifier! shuffle required min-choices
text-entry-interaction: response-identifier! base string-identifier expected-length pattern-mask
 placeholder-text format
extended-text-interaction: response-identifier! base string-identifier expected-length
 pattern-mask placeholder-text max-strings min-strings expected-lines format
hottext-interaction: response-identifier! max-choices min-choices
hotspot-interaction: response-identifier! max-choices min-choices
select-point-interaction: response-identifier! max-choices min-choices
graphic-order-interaction: response-identifier! max-choices min-choices
graphic-associate-interaction: response-identifier! max-associations min-associations
graphic-gap-match-interaction: response-identifier! max-associations min-associations
position-object-interaction: response-identifier! center-point max-choices min-choices
slider-interaction: response-identifier! lower-bound! upper-bound! step step-label orientation
 reverse
media-interaction: response-identifier! autostart! min-plays max-plays loop coords
drawing-interaction: response-identifier!
upload-interaction: response-identifier! type max-uploads min-uploads
end-attempt-interaction: response-identifier! title! count-attempt
simple-choice: identifier! fixed template-identifier show-hide
inline-choice: identifier! fixed template-identifier show-hide
simple-associable-choice: identifier! fixed template-identifier show-hide match-group match-max!
 match-min
gap: identifier! template-identifier show-hide match-group required match-max
gap-text: identifier! template-identifier show-hide match-group match-max! match-min
gap-img: identifier! template-identifier show-hide match-group match-max! match-min object-label
 top left
hottext: identifier! template-identifier show-hide
hotspot-choice: identifier! template-identifier show-hide shape! coords hotspot-label
associable-hotspot: identifier! template-identifier show-hide match-group shape! coords
 match-max! match-min hotspot-label
time-limits: min-time max-time allow-late-submission
item-session-control: max-attempts show-feedback allow-review show-solution allow-comment
 allow-skipping validate-responses
selection: select! with-replacement
ordering: shuffle
branch-rule: target!
weight: identifier! value!
variable-mapping: source-identifier! target-identifier!
template-default: template-identifier!
catalog: id!
card: support!
"""
# elements outside the standard's own vocabulary of attributes may carry what they like
OPEN = words("""
    custom-operator custom-interaction portable-custom-interaction interaction-module
    selection ordering
    """)


def _table() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    found = {}
    for line in TABLE.replace("\n ", " ").strip().splitlines():
        name, _, rest = line.partition(":")
        assert f"qti-{name}" in ELEMENTS, name
        needed = frozenset(w[:-1] for w in rest.split() if w.endswith("!"))
        known = frozenset(w.rstrip("!") for w in rest.split())
        found[f"qti-{name}"] = (needed, known)
    return found


# element → (needed, known) attributes
ATTRIBUTES = _table()
VALUES = {
    "show-hide": words("show hide"),
    "orientation": words("horizontal vertical"),
    "external-scored": words("human externalMachine"),
    "format": None,
}
FLAGS = words("""
    shuffle fixed required adaptive time-dependent visible keep-together with-replacement
    step-label reverse autostart loop count-attempt math-variable param-variable
    """)
VIEWS = words("author candidate proctor scorer testConstructor tutor")
