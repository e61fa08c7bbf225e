"""Short names of tables and rules, for headings, filters and summaries."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

TABLES: dict[str, Any] = {
    "order": _("Order"),
    "organisations": _("List of organisations"),
    "measures": _("Set of measures"),
    "roadmap": _("Roadmap"),
    "indicators": _("Indicators"),
    "budget": _("Cost estimate"),
    "figures": _("Figures of the concept"),
    "relations": _("Relations of figures"),
    "promises": _("Promises"),
    "bodies": _("Bodies and officials"),
    "norms": _("Norms"),
}

# Columns of the list, short enough for a table; the document's own headings are sentences.
LIST_COLUMNS: dict[str, Any] = {
    "number": _("No."),
    "name": _("2–3. Organisation and address"),
    "learners": _("4. Learners"),
    "link": _("5. Link, Mbit/s"),
    "network": _("6. Local network"),
    "computers": _("7. Computers, teaching"),
    "office_computers": _("8. Computers, office"),
    "management_system": _("9. Information system"),
    "ratio": _("10. Ratio, printed"),
}

RULES: dict[str, Any] = {
    "list.ratio": _("Column 10 is not column 7 divided by column 4"),
    "list.repeated-ratio": _("One ratio is printed for many different rows"),
    "list.order": _("The list stands in the wrong order"),
    "list.order-break": _("A row breaks the order of its neighbours"),
    "list.numbering": _("Rows are not numbered in sequence"),
    "list.no-learners": _("An organisation without learners"),
    "list.more-computers": _("More computers than learners"),
    "list.office-computers": _("More computers in administration than in teaching"),
    "list.link-implausible": _("An implausible link speed"),
    "list.link-norm": _("Links slower than the federal norm"),
    "address.postcode": _("A postcode of another region"),
    "address.no-postcode": _("An address without postcode or place"),
    "address.postcode-of-another-town": _("A postcode of another town"),
    "address.comma": _("Town and street without a comma between them"),
    "name.quotes": _("Unpaired quotation marks in a name"),
    "name.legal-form": _("The legal form is written unlike the others"),
    "identity.duplicate": _("An organisation seems to be listed twice"),
    "identity.ogrn-twice": _("A wrong or repeated state registration number"),
    "identity.similar": _("Names that differ by a letter or two"),
    "identity.same-name": _("Organisations of one name"),
    "identity.unclear": _("A name that does not tell the place"),
    "indicator.below-minimum": _("A plan below the minimum"),
    "indicator.monotone": _("A plan that goes back"),
    "indicator.share": _("An impossible share among the indicators"),
    "indicator.year": _("An indicator without a value for a year"),
    "indicator.list": _("An indicator differs from the list"),
    "indicator.base": _("A change without a base to measure it from"),
    "indicator.no-action": _("An indicator that no action serves"),
    "budget.year-total": _("The total of a year is not the sum of its lines"),
    "budget.grand-total": _("The grand total is not the sum"),
    "budget.line-total": _("The total of a line is not the sum"),
    "budget.capital": _("Capital costs among operating ones"),
    "budget.code": _("A line without its code"),
    "budget.pace": _("Costs do not grow with the number of organisations"),
    "figure.share": _("An impossible share in the text"),
    "figure.impossible-share": _("A share that no whole number gives"),
    "figure.future": _("A figure dated after the document"),
    "relation.sum": _("Parts do not add up to the whole"),
    "relation.part": _("A part greater than its whole"),
    "relation.estimate": _("A figure greater than possible"),
    "relation.shares": _("Shares of more than a hundred per cent"),
    "relation.equal": _("One number is given differently in two places"),
    "relation.close": _("The text and the tables differ"),
    "relation.expression": _("A relation that cannot be computed"),
    "relation.unknown": _("A relation of unknown figures"),
    "term.unclear": _("A term without a date"),
    "term.past": _("A term before the document was signed"),
    "term.need-later": _("A term before what it depends on"),
    "term.starts-early": _("A start before what it depends on"),
    "term.circle": _("Actions that wait for each other"),
    "action.unknown-key": _("An action depends on an unknown one"),
    "action.already-attached": _("A plan for what is already attached"),
    "action.executor": _("An executor the document does not name"),
    "roadmap.year": _("A year of the plan without a roadmap"),
    "promise.no-indicator": _("A promise that no indicator measures"),
    "promise.no-action": _("A promise that no action carries out"),
    "promise.unknown-key": _("A promise refers to something unknown"),
    "body.term": _("An official without an act or a date"),
    "body.founder": _("A body that nothing creates"),
    "body.unknown-key": _("A body refers to an unknown action"),
    "publication.receipt": _("No receipt of publication"),
    "publication.missing": _("A publication that is noted nowhere"),
}


def rule_title(rule: str) -> Any:
    return RULES.get(rule, rule)


def table_title(table: str) -> Any:
    return TABLES.get(table, table)
