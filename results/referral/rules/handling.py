"""The seven parts of the handling form: what each asks for, and when a branch may be closed.

**Source:** domain.md §8 (the seven parts of the form in use; 五到位).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from lims.errors import InvalidInputError
from lims.i18n import LazyString, gettext
from lims.i18n import lazy_gettext as _l
from lims.quantities import QuantityError, parse_measured
from results.referral.types import FIVE_IN_PLACE, HandlingPart

MAX_TEXT = 2_000  # characters of one answer; longer explanations are attachments
YES, NO = "yes", "no"


class FactKind(StrEnum):
    """How a fact is written."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    DATE = "date"
    AMOUNT = "amount"
    YES_NO = "yes_no"
    CHOICE = "choice"
    CHOICES = "choices"


@dataclass(frozen=True, slots=True)
class Fact:
    """One question of a part; the answer is text, `choices` are joined by commas."""

    name: str
    label: LazyString
    kind: FactKind = FactKind.TEXT
    required: bool = False
    choices: Mapping[str, LazyString] | None = None

    @property
    def is_short(self) -> bool:
        """Whether its answer stands beside others in one line of the page."""
        return self.kind in {FactKind.DATE, FactKind.AMOUNT, FactKind.YES_NO}


PART_NAMES: dict[HandlingPart, LazyString] = {
    HandlingPart.START: _l("Start"),
    HandlingPart.PRODUCT_CONTROL: _l("Product control"),
    HandlingPart.CAUSE: _l("Cause"),
    HandlingPart.PENALTY: _l("Penalty"),
    HandlingPart.RECTIFICATION: _l("Rectification and re-check on site"),
    HandlingPart.NOTIFICATION: _l("Notification and handing on"),
    HandlingPart.DISCLOSURE: _l("Publication and other"),
}
RECALLS = {
    "none": _l("No recall"),
    "level_1": _l("Level 1"),
    "level_2": _l("Level 2"),
    "level_3": _l("Level 3"),
}
CAUSES = {
    "added": _l("Added by somebody"),
    "raw_material": _l("Raw material"),
    "production": _l("Production process"),
    "control": _l("Process not kept under control"),
    "storage": _l("Storage or transport"),
    "packaging": _l("Migration from packaging"),
    "labelling": _l("Labelling"),
    "other": _l("Another cause"),
}
LICENCE_ACTIONS = {
    "none": _l("No action on the licence"),
    "suspended": _l("Business suspended"),
    "revoked": _l("Licence revoked"),
}
OUTCOMES = {"met": _l("Requirements met"), "not_met": _l("Requirements not met")}

FACTS: dict[HandlingPart, tuple[Fact, ...]] = {
    HandlingPart.START: (
        Fact("report_received_on", _l("Report received on"), FactKind.DATE, required=True),
        Fact("served_on", _l("Served on the party on"), FactKind.DATE),
        Fact("started_on", _l("Handling started on"), FactKind.DATE, required=True),
        Fact("start_document", _l("Document of the start"), required=True),
    ),
    HandlingPart.PRODUCT_CONTROL: (
        Fact("sale_stopped", _l("Sale stopped"), FactKind.YES_NO, required=True),
        Fact("stock_sealed", _l("Stock sealed"), FactKind.YES_NO, required=True),
        Fact("recall", _l("Recall"), FactKind.CHOICE, required=True, choices=RECALLS),
        Fact("unit", _l("Unit of the quantities")),
        Fact("bought_qty", _l("Produced or bought"), FactKind.AMOUNT),
        Fact("sold_qty", _l("Sold"), FactKind.AMOUNT),
        Fact("stock_qty", _l("In stock"), FactKind.AMOUNT),
        Fact("sealed_qty", _l("Sealed quantity"), FactKind.AMOUNT),
        Fact("recalled_qty", _l("Recalled"), FactKind.AMOUNT),
        Fact("goods_value", _l("Value of the goods (yuan)"), FactKind.AMOUNT),
        Fact("measures", _l("Measures taken"), FactKind.LONG_TEXT, required=True),
        Fact("why_not_all", _l("Why not everything was recalled"), FactKind.LONG_TEXT),
    ),
    HandlingPart.CAUSE: (
        Fact("causes", _l("Causes found"), FactKind.CHOICES, required=True, choices=CAUSES),
        Fact("raw_material_source", _l("Source of the raw material")),
        Fact("explanation", _l("What was found"), FactKind.LONG_TEXT, required=True),
    ),
    HandlingPart.PENALTY: (
        Fact("case_filed", _l("Case filed"), FactKind.YES_NO, required=True),
        Fact("filed_on", _l("Filed on"), FactKind.DATE),
        Fact("not_filed_reason", _l("Why no case was filed"), FactKind.LONG_TEXT),
        Fact("law", _l("Facts and law"), FactKind.LONG_TEXT),
        Fact("decision_no", _l("Decision number")),
        Fact("decided_on", _l("Decided on"), FactKind.DATE),
        Fact("warning", _l("Warning"), FactKind.YES_NO),
        Fact("confiscated", _l("Confiscated (yuan)"), FactKind.AMOUNT),
        Fact("fine", _l("Fine (yuan)"), FactKind.AMOUNT),
        Fact("licence_action", _l("Action on the licence"), FactKind.CHOICE, choices=LICENCE_ACTIONS),
        Fact("exempted", _l("Exempt with proof of diligence (Food Safety Law Art. 136)"), FactKind.YES_NO),
    ),
    HandlingPart.RECTIFICATION: (
        Fact("order_no", _l("Order to correct, number")),
        Fact("correct_by", _l("To be corrected by"), FactKind.DATE),
        Fact("measures", _l("Measures of the business"), FactKind.LONG_TEXT, required=True),
        Fact("checked_on", _l("Checked on site on"), FactKind.DATE, required=True),
        Fact("outcome", _l("Outcome of the check"), FactKind.CHOICE, required=True, choices=OUTCOMES),
    ),
    HandlingPart.NOTIFICATION: (
        Fact("departments", _l("Departments notified")),
        Fact("police", _l("Handed on to the police"), FactKind.YES_NO, required=True),
        Fact("prosecutor", _l("Copied to the prosecutor"), FactKind.YES_NO),
        Fact("document_no", _l("Number of the letter")),
    ),
    HandlingPart.DISCLOSURE: (
        Fact("summary", _l("What the public reads about the handling"), FactKind.LONG_TEXT, required=True),
        Fact("published_on", _l("Published on"), FactKind.DATE, required=True),
        Fact("document_no", _l("Number of the notice")),
        Fact("remark", _l("Anything else"), FactKind.LONG_TEXT),
    ),
}


def check_facts(part: HandlingPart, given: Mapping[str, str], *, submit: bool) -> dict[str, str]:
    """The answers of a part without empty ones; a draft may lack answers, a submitted part may not.

    Args:
        part: which of the seven.
        given: answers by name, as text.
        submit: whether the part is handed in.

    Raises:
        InvalidInputError: an unknown name, a value that cannot be read, or an answer that is missing; names the field.
    """
    known = {fact.name: fact for fact in FACTS[part]}
    for name in given:
        if name not in known:
            raise InvalidInputError(_l("There is no question %(name)s in this part.", name=name[:40]), field=name[:40])
    answers = {name: text.strip() for name, text in given.items() if text.strip()}
    for name, text in answers.items():
        _check_answer(known[name], text)
    if submit:
        _check_complete(part, answers)
    return answers


def _check_answer(fact: Fact, text: str) -> None:
    if len(text) > MAX_TEXT or "\0" in text:
        raise InvalidInputError(
            _l("The text has %(length)s characters, expected %(most)s at most.", length=len(text), most=MAX_TEXT),
            field=fact.name,
        )
    match fact.kind:
        case FactKind.DATE:
            _check_date(fact, text)
        case FactKind.AMOUNT:
            _check_amount(fact, text)
        case FactKind.YES_NO if text not in {YES, NO}:
            raise InvalidInputError(
                _l("The answer is %(given)s, expected yes or no.", given=text[:40]), field=fact.name
            )
        case FactKind.CHOICE | FactKind.CHOICES:
            _check_choices(fact, text.split(",") if fact.kind is FactKind.CHOICES else [text])
        case _:
            pass


def _check_date(fact: Fact, text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(
            _l("The date is %(given)s, expected year-month-day.", given=text[:40]), field=fact.name
        ) from None


def _check_amount(fact: Fact, text: str) -> None:
    try:
        amount = parse_measured(text)
    except QuantityError as error:
        raise InvalidInputError(gettext(error.message) % error.params, field=fact.name) from error
    if amount < 0:
        raise InvalidInputError(_l("The amount is %(given)s, expected 0 or more.", given=text[:40]), field=fact.name)


def _check_choices(fact: Fact, chosen: list[str]) -> None:
    for one in chosen:
        if one not in (fact.choices or {}):
            raise InvalidInputError(
                _l("The choice %(given)s is not one of those offered.", given=one[:40]), field=fact.name
            )


def _check_complete(part: HandlingPart, answers: Mapping[str, str]) -> None:
    for fact in FACTS[part]:
        if fact.required and fact.name not in answers:
            raise InvalidInputError(_l("Fill this in."), field=fact.name)
    if part is HandlingPart.PENALTY:
        wanted = ("filed_on", "law") if answers["case_filed"] == YES else ("not_filed_reason",)
        for name in wanted:
            if name not in answers:
                raise InvalidInputError(_l("Fill this in."), field=name)
    if part is HandlingPart.RECTIFICATION and answers["outcome"] != "met":
        raise InvalidInputError(
            _l("The business has not met the requirements yet: keep a draft until it has."), field="outcome"
        )


def missing_for_closing(submitted: Collection[HandlingPart]) -> list[HandlingPart]:
    """The parts that still keep a branch open: the start and the five that must be in place."""
    return [part for part in (HandlingPart.START, *FIVE_IN_PLACE) if part not in submitted]
