"""Entering results, and correcting them after their lock with a second person."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from lims.catalog.limits import parse_limit
from lims.catalog.queries import method_names
from lims.clock import local_date, local_time
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, LimsError, NotFoundError
from lims.i18n import gettext
from lims.i18n import lazy_gettext as _l
from lims.people.authorisations import Needed, require_authorised
from lims.people.queries import person_names
from lims.people.types import AuthorisationKind
from lims.quantities import QuantityError, format_measured, parse_unit
from lims.uow import UnitOfWork
from results.models import CorrectionProposal, ItemResult, TestSet, TestSetItem
from results.quality.services.evaluation import evaluate_batches_of
from results.queries import find_set, last_lock, standing_results
from results.rules.findings import parse_findings
from results.rules.formulas import MOST_FIGURES, calculate, get_formula, is_rounding_of
from results.rules.frozen import judge_line
from results.rules.rounding import round_to_figures
from results.rules.stored import to_json
from results.services.worklists import begin_testing
from results.types import AbsenceBound, Calculation, Entry, JudgementInput, Method, TestSetState
from sampling.services.separation import claim_act, get_sample_for_act, sample_tuple
from sampling.types import DutyRole

MAX_RESULT_TEXT = 400  # five results of a microbiological plan with their units take less than 100


class ResultStandsError(ConflictError):
    """There is a result already; replacing it needs a reason."""

    code = "result_stands"


class EntriesRefusedError(InvalidInputError):
    """Several lines cannot be accepted; `problems` says what is wrong with each."""

    code = "entries_refused"

    def __init__(self, problems: Mapping[str, LimsError]) -> None:
        lines = {line: str(problem) for line, problem in problems.items()}
        super().__init__(_l("%(count)s results cannot be accepted.", count=len(problems)), facts={"lines": lines})
        self.problems = problems


class NotInWorklistError(InvalidInputError):
    """The item is not tested in this set."""

    code = "not_in_worklist"


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


def enter_results(uow: UnitOfWork, blind_code: str, entries: Sequence[Entry]) -> list[ItemResult]:
    """Write down what the bench found, judged at once; all entries or none.

    Duplicates and spikes of these samples are judged again. Replacing a result before the lock writes the next version
    and asks for a reason. After a lock nothing is entered
    here: see `propose_correction`.

    Raises:
        NotFoundError: no such code in this laboratory.
        NotInWorklistError, InvalidInputError: an item of another set, or a text that is no result.
        ResultStandsError: a result stands and no reason is given, or it is not the one that was on the screen.
        EntriesRefusedError: several of these, each beside its line.
        ConflictError: the results are, or were, locked.
        SeparationRefusedError: the person may not test this sample.
        NotAuthorisedError: the person may not test this food, or not by one of these methods.
    """
    test_set = begin_testing(uow, blind_code)
    if test_set.state is TestSetState.LOCKED or last_lock(uow.session, test_set.id) is not None:
        raise ConflictError(_l("These results were locked: propose a correction, which a second person approves."))
    if len({entry.set_item_id for entry in entries}) != len(entries):
        raise InvalidInputError(_l("The same item is given twice."))
    lines = {line.id: line for line in uow.session.query(TestSetItem).filter_by(test_set_id=test_set.id)}
    _require_methods(uow, test_set, [lines[entry.set_item_id] for entry in entries if entry.set_item_id in lines])
    standing = standing_results(uow.session, test_set.id)
    written: list[ItemResult] = []
    problems: dict[str, LimsError] = {}
    for entry in entries:
        line = lines.get(entry.set_item_id)
        if line is None:
            raise NotInWorklistError(_l("This item is not in the worklist of %(code)s.", code=blind_code))
        before = standing.get(line.id)
        try:
            _check_seen(uow, line, entry, before)
            written.append(_result(uow, test_set, entry, line, before))
        except (InvalidInputError, ResultStandsError) as problem:
            problems[str(line.id)] = problem
    if problems:
        raise next(iter(problems.values())) if len(problems) == 1 else EntriesRefusedError(problems)
    uow.session.add_all(written)
    uow.session.flush()
    evaluate_batches_of(uow, test_set.id)
    return written


def _require_methods(uow: UnitOfWork, test_set: TestSet, lines: Sequence[TestSetItem]) -> None:
    """Insist that a tester who is authorised for some methods only uses no other.

    Raises:
        NotAuthorisedError: one of the lines is measured by another method.
    """
    category_id = get_sample_for_act(uow, test_set.sample_id).category_id
    tester = Needed.of(uow.actor, AuthorisationKind.TEST)
    require_authorised(
        uow.session,
        [tester],
        local_date(uow.now),
        category_id=category_id,
        methods=lambda: method_names(uow.session, [line.method_id for line in lines if line.method_id]),
    )


def _check_seen(uow: UnitOfWork, line: TestSetItem, entry: Entry, before: ItemResult | None) -> None:
    """Nothing is replaced unseen, and nothing without a reason.

    Raises:
        ResultStandsError: names who entered what stands.
    """
    if before is None:
        return
    is_stale = entry.seen_version is not None and entry.seen_version != before.version
    if not is_stale and (entry.reason or "").strip():
        return
    who = person_names(uow.session, [before.entered_by_id]).get(before.entered_by_id, "")
    if is_stale:
        raise ResultStandsError(
            _l(
                "%(name)s entered %(text)s at %(at)s. Look at it, then say why it is replaced.",
                name=who,
                text=before.entered_text,
                at=local_time(before.entered_at).strftime("%H:%M"),
            ),
            field=str(line.id),
        )
    raise ResultStandsError(
        _l(
            "A result stands for this item (%(text)s, by %(name)s). Say why it is replaced.",
            text=before.entered_text,
            name=who,
        ),
        field=str(line.id),
    )


def propose_correction(uow: UnitOfWork, blind_code: str, entry: Entry) -> CorrectionProposal:
    """Ask, as a tester, to replace a result whose lock was lifted.

    Raises:
        NotFoundError: no such code in this laboratory.
        ConflictError: the results were never locked, or are locked now.
        NotInWorklistError: the item has no result in this set.
        InvalidInputError: no reason, or a text that is no result.
    """
    test_set = begin_testing(uow, blind_code)
    if test_set.state is TestSetState.LOCKED or last_lock(uow.session, test_set.id) is None:
        raise ConflictError(_l("A correction is proposed after a reviewer returned locked results."))
    before = standing_results(uow.session, test_set.id).get(entry.set_item_id)
    if before is None:
        raise NotInWorklistError(_l("This item is not in the worklist of %(code)s.", code=blind_code))
    why = read_reason(entry.reason)
    case_of(uow.session.get_one(TestSetItem, entry.set_item_id), test_set, entry.text)
    proposal = CorrectionProposal(
        set_item_id=entry.set_item_id,
        sample_id=test_set.sample_id,
        replaces_version=before.version,
        entered_text=entry.text.strip(),
        reason=why,
        proposed_by_id=uow.actor.require_person(),
        proposed_role=DutyRole.TESTER,
        proposed_at=uow.now,
    )
    uow.session.add(proposal)
    uow.session.flush()
    return proposal


def approve_correction(uow: UnitOfWork, proposal_id: UUID) -> ItemResult:
    """Let a proposed correction stand, as the second person.

    Raises:
        NotFoundError: no such proposal in this laboratory.
        ConflictError: the result was changed since, or the set is locked.
        SeparationRefusedError: the approver tested this sample or stands on its sampling side.
    """
    proposal = uow.session.get(CorrectionProposal, proposal_id)
    if proposal is None:
        raise NotFoundError
    line = uow.session.get_one(TestSetItem, proposal.set_item_id)
    test_set = uow.session.get_one(TestSet, line.test_set_id)
    find_set(uow.session, test_set.blind_code, uow.actor.require_organisation())
    sample = get_sample_for_act(uow, test_set.sample_id)
    claim_act(uow, sample_tuple(sample), DutyRole.REVIEWER)
    before = standing_results(uow.session, test_set.id)[line.id]
    if before.version != proposal.replaces_version or test_set.state is TestSetState.LOCKED:
        raise ConflictError(_l("This result was changed or locked since the correction was proposed."))
    result = _result(uow, test_set, Entry(line.id, proposal.entered_text, proposal.reason), line, before)
    result.proposal_id = proposal.id
    result.entered_by_id = proposal.proposed_by_id
    result.approved_by_id = uow.actor.require_person()
    result.approved_role = DutyRole.REVIEWER
    uow.session.add(result)
    uow.session.flush()
    evaluate_batches_of(uow, test_set.id)
    return result


def _result(
    uow: UnitOfWork, test_set: TestSet, entry: Entry, line: TestSetItem, before: ItemResult | None
) -> ItemResult:
    """The next version for a line, entered by the actor."""
    case = case_of(line, test_set, entry.text, entry.untested_reason)
    judged = judge_line(case, line.limit_state, line.basis)
    calculation = None if entry.calculation is None else _calculated(line, entry.text, entry.calculation)
    return ItemResult(
        set_item_id=line.id,
        sample_id=line.sample_id,
        version=before.version + 1 if before else 1,
        replaces_version=before.version if before else None,
        entered_text=entry.text.strip(),
        used=to_json(case),
        verdict=judged.verdict,
        rule=judged.rule,
        reason_code=judged.reason.code,
        reason_message=judged.reason.message,
        reason_params=dict(judged.reason.params),
        compared_value=judged.compared_value,
        untested_reason=(entry.untested_reason or "").strip() or None,
        calculation=calculation,
        entered_by_id=uow.actor.require_person(),
        entered_role=DutyRole.TESTER,
        entered_at=uow.now,
        change_reason=(entry.reason or "").strip() if before else None,
    )


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
