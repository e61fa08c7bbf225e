"""What is wrong with an item, a test or a package: a code, a place, and words for people.

The words are message ids; who shows them translates them (`Issue.text(translate)`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol


class Located(Protocol):
    """What has a place in a file: an XML element."""

    file: str
    line: int
    printed: str

    def nearest_identifier(self) -> str: ...


def _(message: str) -> str:
    """Marks a message for extraction."""
    return message


FATAL, ERROR, WARNING, NOTE = "fatal", "error", "warning", "note"

# code -> (severity, message). Fatal: nothing was read. Error: the standard is broken, and a part
# will not work as its author meant. Warning: it works, but is unsupported or doubtful elsewhere.
MESSAGES: dict[str, tuple[str, str]] = {
    # reading
    "not-found": (FATAL, _("there is no such file or folder")),
    "too-large": (FATAL, _("the file is larger than {limit} bytes")),
    "xml-broken": (FATAL, _("not well-formed XML: {reason}")),
    "xml-broken-at": (FATAL, _("not well-formed XML: {reason}, column {column}")),
    "xml-entity": (FATAL, _("declares the XML entity “{name}”; entities are not read")),
    "xml-deep": (FATAL, _("elements are nested deeper than {limit}")),
    "xml-many": (FATAL, _("more than {limit} elements")),
    "not-qti": (FATAL, _("the root element “{name}” is not one of QTI")),
    "namespace": (WARNING, _("the namespace “{name}” is not one of QTI; read by its names")),
    "namespace-foreign": (ERROR, _("the element is in the namespace “{name}”, not in that of QTI")),
    "version": (NOTE, _("QTI {version}, converted to 3.0 while reading")),
    # elements and attributes
    "element-unknown": (ERROR, _("an unknown element")),
    "element-misplaced": (ERROR, _("the element is not allowed in “{parent}”")),
    "element-missing": (ERROR, _("the element “{name}” is missing")),
    "element-dropped": (WARNING, _("“{name}” does not exist in QTI 3.0 and is kept as “{kept}”")),
    "attribute-missing": (ERROR, _("the attribute “{name}” is missing")),
    "attribute-unknown": (WARNING, _("an unknown attribute “{name}”")),
    "attribute-value": (ERROR, _("the attribute “{name}” may not be “{value}”")),
    "script": (ERROR, _("active content (“{name}”) is not shown to anyone")),
    "identifier-twice": (ERROR, _("the identifier “{name}” is given twice")),
    "id-twice": (WARNING, _("the id “{name}” is given twice")),
    "identifier-form": (WARNING, _("“{name}” is not a valid identifier")),
    # declarations and values
    "variable-unknown": (ERROR, _("there is no variable “{name}”")),
    "variable-kind": (ERROR, _("“{name}” is not a variable of the kind needed here: {kind}")),
    "variable-old": (WARNING, _("“{name}” is read as “{now}”")),
    "variable-unused": (NOTE, _("no interaction gives the response “{name}”")),
    "response-twice": (ERROR, _("two interactions give the response “{name}”")),
    "response-type": (
        ERROR,
        _("“{name}” is {found}; this interaction needs {needed}"),
    ),
    "base-type": (ERROR, _("“{value}” is not a base type")),
    "cardinality": (ERROR, _("“{value}” is not a cardinality")),
    "base-type-missing": (ERROR, _("a variable of this cardinality needs a base type")),
    "value": (ERROR, _("“{value}” is not a value of the type {type}")),
    "values-many": (ERROR, _("a single variable has {count} values")),
    "choice-unknown": (ERROR, _("“{value}” is none of the choices of this interaction")),
    "map-twice": (WARNING, _("the key “{value}” is mapped twice; the first counts")),
    "bounds": (ERROR, _("the lower bound {lower} is above the upper bound {upper}")),
    "coords": (ERROR, _("“{value}” are no coordinates of the shape {shape}")),
    "table-missing": (ERROR, _("the variable “{name}” has no lookup table")),
    "mapping-missing": (ERROR, _("the variable “{name}” has no mapping")),
    "area-mapping-missing": (ERROR, _("the variable “{name}” has no area mapping")),
    "correct-missing": (
        WARNING,
        _("the variable “{name}” has no correct response, so its match is never true"),
    ),
    # expressions and rules
    "operator-unknown": (ERROR, _("an unknown expression; it is NULL")),
    "operator-custom": (ERROR, _("the custom operator “{name}” is not supported; it is NULL")),
    "operands": (ERROR, _("{count} sub-expressions; allowed: {allowed}")),
    "operand-type": (WARNING, _("this is {found}; the standard asks for {allowed}")),
    "item-twice": (WARNING, _("the items {files} have the same identifier “{name}”")),
    "expression-place": (ERROR, _("this expression is allowed only in {where}")),
    "rule-unknown": (ERROR, _("an unknown rule; it does nothing")),
    "pattern": (ERROR, _("the pattern cannot be used: {reason}")),
    "template-unknown": (ERROR, _("the response processing template “{name}” is unknown")),
    "include": (ERROR, _("“{name}” cannot be included: {reason}")),
    "no-scoring": (NOTE, _("there is no response processing: the item scores nothing by itself")),
    # content
    "reference-unknown": (ERROR, _("“{name}” refers to nothing")),
    "feedback-dead": (WARNING, _("no rule sets “{name}”, so the feedback is never shown")),
    "link-broken": (ERROR, _("the file “{name}” is not in the package")),
    "link-outside": (ERROR, _("“{name}” leads outside the package")),
    "link-remote": (WARNING, _("“{name}” is fetched from elsewhere")),
    "interaction-custom": (
        WARNING,
        _("a custom interaction: its response is kept and marked, but it is not drawn"),
    ),
    "interaction-portable": (NOTE, _("a portable custom interaction: it needs its own module")),
    "interaction-lax": (WARNING, _("at most {most} may be chosen, yet at least {least} must")),
    # tests
    "section-empty": (WARNING, _("the section has no items")),
    "selection-many": (ERROR, _("{select} are to be selected out of {available}")),
    "selection-required": (ERROR, _("{select} are to be selected, but {required} are required")),
    "branch-target": (ERROR, _("the branch target “{name}” does not come after this place")),
    "cycle": (ERROR, _("“{name}” refers back to itself")),
    "file-broken": (ERROR, _("“{name}” cannot be read: {reason}")),
    # packages
    "manifest-missing": (ERROR, _("there is no imsmanifest.xml")),
    "zip-broken": (FATAL, _("the archive is damaged")),
    "zip-encrypted": (FATAL, _("the archive is encrypted")),
    "zip-members": (FATAL, _("the archive holds more than {limit} files")),
    "zip-ratio": (FATAL, _("“{name}” is compressed more than {limit} times: a zip bomb")),
    "zip-path": (ERROR, _("“{name}” leads outside the archive and is not read")),
    "zip-twice": (ERROR, _("the archive holds “{name}” twice")),
    "file-name": (ERROR, _("the name of the file “{name}” is no UTF-8 text; it is not read")),
    "zip-link": (ERROR, _("“{name}” is a link and is not read")),
    "file-unlisted": (WARNING, _("the file “{name}” is in no resource of the manifest")),
    "dependency-unknown": (ERROR, _("the resource “{name}” is not in the manifest")),
    "dependency-cycle": (WARNING, _("the resources depend on each other in a circle: {name}")),
    "dependency-missing": (WARNING, _("the manifest does not list the dependency on “{name}”")),
    "nothing": (ERROR, _("the package holds neither an item nor a test")),
    # running
    "more": (ERROR, _("and {count} more; correct these first")),
}


# What the parser says of broken XML, where an author may come upon it.
BROKEN = frozenset({
    _("syntax error"), _("no element found"), _("not well-formed (invalid token)"),
    _("unclosed token"), _("partial character"), _("mismatched tag"), _("duplicate attribute"),
    _("junk after document element"), _("undefined entity"),
    _("reference to invalid character number"),
    _("XML or text declaration not at start of entity"), _("unknown encoding"),
    _("encoding specified in XML declaration is incorrect"), _("unclosed CDATA section"),
    _("unbound prefix"), _("XML declaration not well-formed"),
})  # fmt: skip


def place(file: str, line: int | None, element: str, identifier: str) -> str:
    """`item.xml:12 <qti-sum> SCORE`, of what there is."""
    where = f"{file}:{line}" if line else file
    return " ".join(filter(None, (where, element and f"<{element}>", identifier)))


def place_of(at: Located) -> str:
    return place(at.file, at.line, at.printed, at.nearest_identifier())


@dataclass(frozen=True)
class Issue:
    """`line` counts from 1; `element` is the XML name as in the file; `identifier` is its own or
    that of the nearest parent that has one."""

    code: str
    file: str = ""
    line: int | None = None
    element: str = ""
    identifier: str = ""
    params: dict[str, object] = field(default_factory=dict)

    @property
    def severity(self) -> str:
        return MESSAGES[self.code][0]

    def said(self, translate: Callable[[str], str] = str) -> str:
        """What is wrong, without the place."""
        params = dict(self.params)
        if (reason := params.get("reason")) in BROKEN:
            params["reason"] = translate(str(reason))
        return translate(MESSAGES[self.code][1]).format(**params)

    def place(self, translate: Callable[[str], str] = str) -> str:
        return place(self.file, self.line, self.element, self.identifier)

    def text(self, translate: Callable[[str], str] = str) -> str:
        place = self.place(translate)
        return f"{place}: {self.said(translate)}" if place else self.said(translate)

    def as_dict(self, translate: Callable[[str], str] = str) -> dict[str, object]:
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.file,
            "line": self.line,
            "element": self.element,
            "identifier": self.identifier,
            "text": self.said(translate),
            "params": {key: str(value) for key, value in self.params.items()},
        }


MANY = 1000


class Issues:
    """Collects issues of one reading; keeps the first thousand of each file and counts the rest."""

    def __init__(self, file: str = "") -> None:
        self.file = file
        self._found: list[Issue] = []
        self._seen: set[tuple[object, ...]] = set()
        self.left_out = 0

    def add(self, code: str, at: Located | None = None, **params: object) -> None:
        """Note an issue at an element; the same at the same place is noted once."""
        issue = Issue(
            code,
            file=(at.file if at is not None and at.file else self.file),
            line=at.line or None if at is not None else None,
            element=(at.printed if at is not None else ""),
            identifier=(at.nearest_identifier() if at is not None else ""),
            params=params,
        )
        self.put(issue)

    def put(self, issue: Issue) -> None:
        key = (issue.code, issue.file, issue.line, issue.element, str(issue.params))
        if key in self._seen:
            return
        if len(self._found) >= MANY:
            self.left_out += 1
            return
        self._seen.add(key)
        self._found.append(issue)

    def extend(self, issues: Iterable[Issue]) -> None:
        for issue in issues:
            self.put(issue)

    def __iter__(self) -> Iterator[Issue]:
        yield from self._found
        if self.left_out:
            yield Issue("more", file=self.file, params={"count": self.left_out})

    def tuple(self) -> tuple[Issue, ...]:
        return tuple(self)


class QtiError(Exception):
    """The file could not be read at all; `issue` says why and where."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.text())
        self.issue = issue
