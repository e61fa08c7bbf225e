"""XLSForm (xlsform.org): survey, choices, settings. A workbook becomes a draft with a list of
what has no counterpart; a form becomes a workbook."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from sreda.reporting.formats.issues import Issue, Reading
from sreda.reporting.formats.sheets import Sheet
from sreda.reporting.formats.xpath import Names, Untranslated, translate
from sreda.reporting.forms import (
    Block,
    BlockKind,
    CellType,
    Check,
    Field,
    Option,
    Schema,
    Section,
)
from sreda.reporting.forms.codes import code_from
from sreda.reporting.forms.schema import OPTION

TYPES: Mapping[str, CellType] = {
    "integer": CellType.INTEGER, "int": CellType.INTEGER, "range": CellType.DECIMAL,
    "decimal": CellType.DECIMAL, "text": CellType.TEXT, "string": CellType.TEXT,
    "email": CellType.TEXT, "date": CellType.DATE, "acknowledge": CellType.BOOLEAN,
    "trigger": CellType.BOOLEAN, "boolean": CellType.BOOLEAN, "file": CellType.FILE,
    "image": CellType.FILE, "photo": CellType.FILE, "audio": CellType.FILE,
    "video": CellType.FILE, "calculate": CellType.DECIMAL,
}  # fmt: skip
_CHOICE = re.compile(r"(select_one|select_multiple|select one|select multiple|rank)\s+(\S+)(.*)\Z")
_BEGIN = re.compile(r"(begin|end)[_ ](group|repeat)\Z")
_KNOWN = frozenset({
    "type", "name", "label", "hint", "required", "required_message", "relevant", "constraint",
    "constraint_message", "calculation", "appearance", "default", "note", "repeat_count",
})  # fmt: skip
_LIMIT = re.compile(r"\.\s*(>=|<=)\s*(-?\d+(?:\.\d+)?)\Z")
_DUTIES = {"start", "end", "today", "deviceid", "username", "audit", "phonenumber", "hidden"}
MAIN = "main"


def is_xlsform(sheets: list[Sheet]) -> bool:
    survey = _named(sheets, "survey")
    return survey is not None and {"type", "name"} <= set(_table(survey)[0])


def _named(sheets: list[Sheet], title: str) -> Sheet | None:
    return next((s for s in sheets if s.title.strip().lower() == title), None)


def _table(sheet: Sheet) -> tuple[dict[str, int], list[tuple[int, dict[str, str]]]]:
    """Headings with their columns, and rows by heading."""
    rows = sheet.rows()
    if not rows:
        return {}, []
    _first, cells = rows[0]
    headings = {text.strip().lower(): column for column, text in cells.items()}
    by_column = {column: name for name, column in headings.items()}
    return headings, [
        (number, {by_column[c]: text.strip() for c, text in row.items() if c in by_column})
        for number, row in rows[1:]
    ]


def _label(row: Mapping[str, str], name: str = "label") -> str:
    """In Russian where there are languages, else in the first one."""
    wanted = [key for key in row if key == name or key.startswith(f"{name}::")]
    wanted.sort(key=lambda key: (not re.search(r"\(ru\)|рус|russian", key), key != name))
    return next((row[key] for key in wanted if row[key]), "")


@dataclass
class _Question:
    row: int
    cells: Mapping[str, str]
    block: str
    code: str
    type: CellType
    options: tuple[Option, ...] = ()
    relevant: list[tuple[int, str]] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"{self.block}.{self.code}"


@dataclass
class _Block:
    code: str
    title: str
    kind: BlockKind
    questions: list[_Question] = field(default_factory=list)
    help: list[str] = field(default_factory=list)


@dataclass
class _Section:
    code: str
    title: str
    blocks: list[_Block] = field(default_factory=list)


def read_xlsform(sheets: list[Sheet]) -> Reading:
    """Everything of the survey that our forms know; the rest is listed with its row."""
    return _Survey(sheets).reading()


class _Survey:
    def __init__(self, sheets: list[Sheet]) -> None:
        self.found = Reading()
        survey = _named(sheets, "survey")
        assert survey is not None  # the caller asked is_xlsform
        self.headings, self.rows = _table(survey)
        self.choices = self._choices(_named(sheets, "choices"))
        self._settings(_named(sheets, "settings"))
        self.sections: list[_Section] = []
        self.taken: set[str] = set()
        self.keys: dict[str, _Question] = {}
        self.checks: list[Check] = []
        for extra in sorted(self.headings):
            name = extra.partition("::")[0]
            if name not in _KNOWN and name not in {"media", "image", "body", "guidance_hint"}:
                self.issue(1, extra, _("this column is not known and was left out"))

    def issue(self, row: int, column: str, said: str, sheet: str = "survey") -> None:
        self.found.issues.append(Issue(sheet, row, column, said))

    def _choices(self, sheet: Sheet | None) -> dict[str, list[Option]]:
        found: dict[str, list[Option]] = {}
        if sheet is None:
            return found
        headings, rows = _table(sheet)
        lists = "list_name" if "list_name" in headings else "list name"
        for number, row in rows:
            name, code = row.get(lists, ""), row.get("name", "")
            if not name or not code:
                self.issue(number, "name", _("a choice needs the names of its list and of itself"),
                           "choices")  # fmt: skip
                continue
            if not OPTION.match(code):
                made = code_from(code, {o.code for o in found.get(name, [])}, "o")
                self.issue(number, "name", _("the code “%(old)s” became “%(new)s”")
                           % {"old": code, "new": made}, "choices")  # fmt: skip
                code = made
            if any(option.code == code for option in found.get(name, [])):
                self.issue(number, "name", _("the code “%(code)s” is there twice")
                           % {"code": code}, "choices")  # fmt: skip
                continue
            found.setdefault(name, []).append(Option(code, _label(row) or code))
        return found

    def _settings(self, sheet: Sheet | None) -> None:
        if sheet is None:
            return
        _headings, rows = _table(sheet)
        for _number, row in rows[:1]:
            self.found.title = row.get("form_title", "")
            self.found.code = code_from(row["form_id"], (), "form") if row.get("form_id") else ""

    def reading(self) -> Reading:
        self._structure()
        sections = tuple(
            Section(
                section.code,
                section.title,
                blocks=tuple(self._block(b) for b in section.blocks if b.questions),
            )
            for section in self.sections
            if any(block.questions for block in section.blocks)
        )
        self.found.schema = Schema(sections, tuple(self.checks))
        return self.found

    # Groups and repeats.

    def _structure(self) -> None:
        stack: list[tuple[str, list[tuple[int, str]]]] = []
        for number, row in self.rows:
            kind = re.sub(r"\s+", " ", row.get("type", "")).strip().lower()
            if not kind:
                if any(row.values()):
                    self.issue(number, "type", _("the row has no type"))
                continue
            if found := _BEGIN.match(kind):
                if found[1] == "begin":
                    relevant = [(number, row["relevant"])] if row.get("relevant") else []
                    inherited = stack[-1][1] if stack else []
                    self._begin(found[2], number, row, [kind for kind, _r in stack])
                    stack.append((found[2], [*inherited, *relevant]))
                elif not stack or stack[-1][0] != found[2]:
                    self.issue(number, "type", _("“%(type)s” closes nothing") % {"type": kind})
                else:
                    stack.pop()
                    self._after(found[2], [kind for kind, _r in stack])
                continue
            self._question(number, kind, row, stack[-1][1] if stack else [])
        for kind, _relevant in stack:
            self.issue(0, "type", _("“begin %(kind)s” is never closed") % {"kind": kind})

    def _begin(self, kind: str, number: int, row: Mapping[str, str], outer: list[str]) -> None:
        title = _label(row) or row.get("name", "") or _("Group")
        code = self._code(row.get("name", "") or title)
        if kind == "repeat":
            if "repeat" in outer:
                self.issue(number, "type", _("a list inside a list is not possible: its questions "
                                             "went into the outer one"))  # fmt: skip
                return
            if not self.sections or self._pending:
                self._section(title, self._code(f"s_{code}"))
            self.sections[-1].blocks.append(_Block(code, title, BlockKind.LIST))
            if row.get("repeat_count"):
                self.issue(number, "repeat_count", _("the number of rows is not limited by it"))
        elif not outer:
            self._section(title, code)
        elif "repeat" not in outer:
            self.sections[-1].blocks.append(_Block(code, title, BlockKind.FIELDS))

    def _after(self, kind: str, outer: list[str]) -> None:
        """Questions that follow a closed part do not belong to it."""
        if kind == "repeat" or (kind == "group" and "repeat" not in outer and outer):
            section = self.sections[-1]
            section.blocks.append(
                _Block(self._code(f"{section.code}_more"), section.title, BlockKind.FIELDS)
            )
        elif not outer:
            self._pending = True

    _pending = False

    def _section(self, title: str, code: str) -> None:
        self._pending = False
        self.sections.append(_Section(code, title))
        self.sections[-1].blocks.append(_Block(self._code(f"{code}_q"), title, BlockKind.FIELDS))

    def _code(self, name: str) -> str:
        code = code_from(name, self.taken, "g")
        self.taken.add(code)
        return code

    # Questions.

    def _question(
        self, number: int, kind: str, row: Mapping[str, str], relevant: list[tuple[int, str]]
    ) -> None:
        if not self.sections or self._pending:
            self._section(self.found.title or _("Questions"), self._code(MAIN))
        block = self.sections[-1].blocks[-1]
        if kind == "note":
            block.help.append(_label(row))
            return
        if kind in _DUTIES:
            self.issue(number, "type", _("“%(type)s” is kept by the system itself and left out")
                       % {"type": kind})  # fmt: skip
            return
        options: tuple[Option, ...] = ()
        if found := _CHOICE.match(row.get("type", "").strip()):
            several = "multiple" in found[1]
            type_ = CellType.CHOICES if several else CellType.CHOICE
            options = tuple(self.choices.get(found[2], ()))
            if not options:
                self.issue(number, "type", _("there is no list of choices “%(list)s”")
                           % {"list": found[2]})  # fmt: skip
            if found[1] == "rank":
                self.issue(number, "type", _("an order of choices became one choice"))
            if "or_other" in found[3]:
                options = (*options, Option("other", _("Other")))
                self.issue(number, "type", _("“other” is a choice; there is no field for its text"))
        elif kind in TYPES:
            type_ = TYPES[kind]
        else:
            self.issue(number, "type", _("there is no counterpart of the type “%(type)s”: the "
                                         "question became a text") % {"type": kind})  # fmt: skip
            type_ = CellType.TEXT
        if type_ is CellType.TEXT and "multiline" in row.get("appearance", ""):
            type_ = CellType.LONG_TEXT
        name = row.get("name", "")
        if not name:
            self.issue(number, "name", _("the question has no name: one was made from its words"))
        taken = {question.code for question in block.questions}
        code = code_from(name or _label(row) or "q", taken, "q")
        question = _Question(number, row, block.code, code, type_, options)
        question.relevant = [*relevant]
        if row.get("relevant"):
            question.relevant.append((number, row["relevant"]))
        block.questions.append(question)
        if name:
            if name in self.keys:
                self.issue(number, "name", _("the name “%(name)s” is there twice") % {"name": name})
            self.keys.setdefault(name, question)

    # Fields, once all names are known.

    def _block(self, block: _Block) -> Block:
        listed = block.kind is BlockKind.LIST
        return Block(
            block.code,
            block.title,
            block.kind,
            fields=tuple(self._field(q, listed) for q in block.questions),
            help="\n".join(filter(None, block.help)),
        )

    def _names(self, question: _Question, listed: bool, row: str) -> Names:
        keys = {}
        for name, other in self.keys.items():
            inside = other.block == question.block
            keys[name] = f"{row}.{other.code}" if listed and inside else other.place
        own = f"{row}.{question.code}" if listed else question.place
        several = {n for n, other in self.keys.items() if other.type is CellType.CHOICES}
        return Names(keys, frozenset(several), own)

    def _said(self, number: int, column: str, text: str, names: Names) -> str:
        try:
            return translate(text, names)
        except Untranslated as error:
            self.issue(number, column, _("“%(text)s” could not be translated because of “%(word)s”")
                       % {"text": text[:200], "word": error.word[:40]})  # fmt: skip
            return ""

    def _field(self, question: _Question, listed: bool) -> Field:
        row, number = question.cells, question.row
        names = self._names(question, listed, "row")
        conditions = [
            said
            for at, text in question.relevant
            if (said := self._said(at, "relevant", text, names))
        ]
        made = Field(
            question.code,
            (_label(row) or question.code)[:600],
            question.type,
            places=2 if question.type is CellType.DECIMAL else 0,
            required=self._required(number, row),
            help=_label(row, "hint"),
            options=question.options,
            relevant=conditions[0] if len(conditions) == 1
            else " && ".join(f"({said})" for said in conditions),
        )  # fmt: skip
        if row.get("calculation"):
            made = replace(
                made, source=self._said(number, "calculation", row["calculation"], names)
            )
        if row.get("default"):
            self.issue(number, "default", _("a default is not carried: the answer would not be "
                                            "anybody's"))  # fmt: skip
        if row.get("constraint"):
            made = self._constrained(made, question, listed)
        return made

    def _required(self, number: int, row: Mapping[str, str]) -> bool:
        said = row.get("required", "").lower()
        if said in {"", "no", "false", "false()", "0"}:
            return False
        if said not in {"yes", "true", "true()", "1"}:
            self.issue(number, "required", _("required under a condition became required always"))
        return True

    def _constrained(self, made: Field, question: _Question, listed: bool) -> Field:
        row, text = question.cells, question.cells["constraint"].strip()
        limits = [_LIMIT.match(part.strip()) for part in re.split(r"\band\b", text)]
        if made.type.numeric and all(limits):
            for found in limits:
                assert found is not None
                bound = _decimal(found[2])
                if found[1] == ">=":
                    made = replace(made, minimum=bound)
                else:
                    made = replace(made, maximum=bound)
            return made
        variable = "r" if listed else ""
        names = self._names(question, listed, variable)
        said = self._said(question.row, "constraint", text, names)
        if said:
            key = f"{question.block}.*.{question.code}" if listed else question.place
            whole = (
                f"{question.block}.all(r, {said})"
                if listed
                else f'!filled("{question.place}") || ({said})'
            )
            message = _label(row, "constraint_message") or _("%(title)s: not as asked for") % {
                "title": made.title
            }
            code = code_from(f"c_{question.code}", {check.code for check in self.checks}, "c")
            self.checks.append(Check(code, whole, message, cells=(key,)))
        return made


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


# Writing.

_WRITTEN = {
    CellType.INTEGER: "integer", CellType.DECIMAL: "decimal", CellType.TEXT: "text",
    CellType.LONG_TEXT: "text", CellType.DATE: "date", CellType.BOOLEAN: "acknowledge",
    CellType.FILE: "file",
}  # fmt: skip
_SURVEY = (
    "type", "name", "label", "hint", "required", "constraint", "constraint_message",
    "appearance", "sreda::source", "sreda::relevant",
)  # fmt: skip


def write_xlsform(
    schema: Schema, *, title: str, code: str, version: int,
    dictionaries: Mapping[str, tuple[Option, ...]],
) -> bytes:  # fmt: skip
    """Sections are groups, lists are repeats, a row of a table is a group of its columns.

    XLSForm has no tables, sources or checks of ours: sources and conditions stand in columns of
    their own, as they are; whoever wants everything back takes the JSON.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    survey, choices = book.create_sheet("survey"), book.create_sheet("choices")
    settings = book.create_sheet("settings")
    survey.append(list(_SURVEY))
    choices.append(["list_name", "name", "label"])
    settings.append(["form_title", "form_id", "version"])
    settings.append([_plain(title), code, str(version)])
    lists: dict[tuple[Option, ...], str] = {}

    def line(kind: str, name: str, label: str = "", **more: str) -> None:
        row = {"type": kind, "name": name, "label": label, **more}
        survey.append([_plain(row.get(column, "")) for column in _SURVEY])

    def question(one: Field, name: str, label: str, source: str) -> None:
        options = one.options or dictionaries.get(one.dictionary, ())
        if one.type in {CellType.CHOICE, CellType.CHOICES}:
            listed = lists.setdefault(options, one.dictionary or f"list_{len(lists) + 1}")
            kind = "select_one" if one.type is CellType.CHOICE else "select_multiple"
            kind = f"{kind} {listed}"
        else:
            kind = _WRITTEN[one.type]
        limits = [f". >= {one.minimum}"] if one.minimum is not None else []
        limits += [f". <= {one.maximum}"] if one.maximum is not None else []
        line(
            kind, name, label, hint=" ".join(filter(None, [one.help, one.unit])),
            required="yes" if one.required else "", constraint=" and ".join(limits),
            appearance="multiline" if one.type is CellType.LONG_TEXT else "",
            **{"sreda::source": source, "sreda::relevant": one.relevant},
        )  # fmt: skip

    for section in schema.sections:
        line("begin_group", f"s_{section.code}", section.title)
        for block in section.blocks:
            word = "repeat" if block.kind is BlockKind.LIST else "group"
            line(f"begin_{word}", block.code, block.title)
            if block.help:
                line("note", f"{block.code}__note", block.help)
            if block.kind is BlockKind.TABLE:
                for row in block.rows:
                    line("begin_group", f"{block.code}__{row.code}", row.title)
                    sources = dict(row.sources)
                    for one in block.fields:
                        if one.code not in row.closed:
                            question(one, f"{block.code}__{row.code}__{one.code}", one.title,
                                     sources.get(one.code, one.source))  # fmt: skip
                    line("end_group", "")
            else:
                for one in block.fields:
                    question(one, f"{block.code}__{one.code}", one.title, one.source)
            line(f"end_{word}", "")
        line("end_group", "")
    for options, name in lists.items():
        for option in options:
            choices.append([name, option.code, _plain(option.title)])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _plain(text: str) -> str:
    """Never a formula (CWE-1236)."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
