"""From what a tester wrote to its verdict: what the verdict depends on, how it is written, and the row it becomes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from lims.catalog.limits import parse_limit
from lims.catalog.reporting import ReportingRule, parse_reporting_rule
from lims.errors import InvalidInputError
from lims.i18n import gettext
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import plain
from lims.quantities import QuantityError, format_measured, parse_unit
from results.models import ItemResult, TestSet, TestSetItem
from results.queries import reporting_rules
from results.rules.findings import parse_findings
from results.rules.formulas import MOST_FIGURES, calculate, get_formula, is_rounding_of
from results.rules.frozen import judge_line
from results.rules.reported import check_written
from results.rules.rounding import round_to_figures
from results.rules.stored import to_json
from results.types import AbsenceBound, Calculation, Entry, ItemJudgement, JudgementInput, Method

MAX_RESULT_TEXT = 400  # five results of a microbiological plan with their units take less than 100

ReportingRules = Mapping[UUID | None, ReportingRule]


@dataclass(frozen=True, slots=True)
class JudgedEntry:
    """An entry with everything that its result will say.

    Attributes:
        label_claims: of the set when it was judged; of what the verdict depends on, the one thing that may change.
        used: what the verdict depends on, as it is stored.
        calculation: how the text was computed, as it is stored; None where it was not.
    """

    line: TestSetItem
    entry: Entry
    label_claims: str
    used: Mapping[str, Any]
    judgement: ItemJudgement
    calculation: Mapping[str, Any] | None


def case_of(line: TestSetItem, test_set: TestSet, text: str, untested_reason: str | None = None) -> JudgementInput:
    """Everything the verdict of a typed result depends on.

    Raises:
        InvalidInputError: the text is no result, an item was not tested and nobody says why, or a reason stands beside
            a result; the message shows what was typed.
    """
    if not text.strip() or len(text) > MAX_RESULT_TEXT:
        raise InvalidInputError(
            _l("Enter a result of 1 to %(most)s characters.", most=MAX_RESULT_TEXT), field=str(line.id)
        )
    limit = parse_limit(line.limit_text, line.limit_unit) if line.limit_id else None
    try:
        findings = parse_findings(text, line.unit)
        unit = parse_unit(line.unit)
    except QuantityError as error:
        raise InvalidInputError(gettext(error.message) % error.params, field=str(line.id)) from error
    given = (untested_reason or "").strip()
    if not findings and not given:
        raise InvalidInputError(
            _l("“%(text)s” says that nothing was tested; expected a result, or the reason.", text=text[:60]),
            field=str(line.id),
        )
    if findings and given:
        raise InvalidInputError(
            _l("“%(text)s” is a result, so there is no reason for not testing.", text=text[:60]), field=str(line.id)
        )
    absence_unit = unit if line.absence_value is not None else parse_unit("")
    return JudgementInput(
        findings=findings,
        limit=limit,
        kind=line.kind,
        comparison=line.comparison,
        absence=AbsenceBound(line.absence, line.absence_value, absence_unit),
        method=Method(line.lod, line.loq, unit) if line.method_id else None,
        label_claim=test_set.label_claims,
    )


class Judge:
    """Judges what is entered in one unit of work; texts that stand on the same are judged once.

    In a file of ten thousand results most are "not detected" beside a limit that the next sample has as well.
    """

    def __init__(self, rules: ReportingRules) -> None:
        self._rules = rules
        self._known: dict[tuple[object, ...], tuple[Mapping[str, Any], ItemJudgement]] = {}

    @classmethod
    def of(cls, session: Session, lines: Collection[TestSetItem]) -> "Judge":
        """One who knows how results are written by the method rows of these lines, where the rows say so."""
        stored = reporting_rules(session, {line.method_id for line in lines if line.method_id})
        return cls({method_id: parse_reporting_rule(text) for method_id, text in stored.items()})

    def judge(self, line: TestSetItem, test_set: TestSet, entry: Entry) -> JudgedEntry:
        """Judge what was written for a line.

        Raises:
            InvalidInputError: as `case_of`; a figure that is not written as its method row says; or one that its
                calculation does not give. The message shows what was typed and what was expected.
        """
        same = (test_set.label_claims, entry.text, entry.untested_reason, *_stands_on(line))
        if same not in self._known:
            case = case_of(line, test_set, entry.text, entry.untested_reason)
            _require_possible(line, case)
            _require_written(line, case, self._rules)
            self._known[same] = to_json(case), judge_line(case, line.limit_state, line.basis)
        used, judged = self._known[same]
        calculation = None if entry.calculation is None else _calculated(line, entry.text, entry.calculation)
        return JudgedEntry(line, entry, test_set.label_claims, used, judged, calculation)


_WORDS = attrgetter(
    *("limit_state", "limit_text", "limit_unit", "basis", "kind", "comparison", "unit", "absence"),
    *("limit_id", "method_id"),
)
_FIGURES = attrgetter("absence_value", "lod", "loq")


def _stands_on(line: TestSetItem) -> tuple[object, ...]:
    """Of a line, what its verdict depends on; figures by their digits, as 0.50 equals 0.5 and is not written so."""
    return *_WORDS(line), *map(str, _FIGURES(line))


def _require_possible(line: TestSetItem, case: JudgementInput) -> None:
    """Refuse a content below 0, which a lost blank or a slip of a key gives and which would meet every maximum.

    Raises:
        InvalidInputError: shows the figure and what is expected.
    """
    for finding in case.findings:
        unit = finding.unit if finding.unit_stated else parse_unit(line.unit)
        if finding.value is not None and finding.value < 0 and unit.is_content:
            message = gettext(
                "“%(value)s” is below 0, which no content is; expected 未检出 or a figure from 0 on.",
                value=format_measured(finding.value),
            )
            raise InvalidInputError(message, field=str(line.id))


def _require_written(line: TestSetItem, case: JudgementInput, rules: ReportingRules) -> None:
    """Insist on the digits that the method row asks for.

    Raises:
        InvalidInputError: shows the figure and how it is expected.
    """
    rule = rules.get(line.method_id)
    if rule is None or case.method is None:
        return
    for finding in case.findings:
        wrong = check_written(finding, rule, case.method)
        if wrong is not None:
            raise InvalidInputError(wrong.translated(gettext), field=str(line.id))


def result_row(judged: JudgedEntry, before: ItemResult | None) -> dict[str, Any]:
    """The columns of the next version of a result that are its own, as the ledger writes them."""
    line, entry, judgement = judged.line, judged.entry, judged.judgement
    compared = judgement.compared_value
    return {
        "id": str(uuid4()),
        "set_item_id": str(line.id),
        "sample_id": str(line.sample_id),
        "version": before.version + 1 if before else 1,
        "replaces_version": before.version if before else None,
        "entered_text": entry.text.strip(),
        "used": judged.used,
        "verdict": judgement.verdict.value,
        "rule": judgement.rule.value,
        "reason_code": judgement.reason.code,
        "reason_message": judgement.reason.message,
        "reason_params": dict(judgement.reason.params),
        "compared_value": None if compared is None else plain(compared),
        "untested_reason": (entry.untested_reason or "").strip() or None,
        "calculation": judged.calculation,
        "change_reason": (entry.reason or "").strip() if before else None,
    }


def _calculated(line: TestSetItem, text: str, calculation: Calculation) -> dict[str, Any]:
    """The calculation as it stands with its result; what was entered must be what it gives.

    Raises:
        InvalidInputError: an interim value cannot be used, or the text is not the computed value, rounded once.
    """
    value = calculate(calculation.formula, calculation.interims)
    formula = get_formula(calculation.formula)
    if not is_rounding_of(text, formula, value, line.unit):
        raise InvalidInputError(
            _l(
                "“%(text)s” was entered, and the formula gives %(value)s.",
                text=text.strip()[:60],
                value=f"{format_measured(round_to_figures(value, MOST_FIGURES))}{formula.unit}",
            ),
            field=str(line.id),
        )
    interims = {name: written.strip() for name, written in calculation.interims.items() if written.strip()}
    return {"formula": calculation.formula, "interims": interims, "value": format(value, "f")}
