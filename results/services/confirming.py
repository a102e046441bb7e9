"""The retest that bears out a fail: entered by the bench, asked for at the lock.

Source: domain rule 11, a failing result is tested again by the laboratory before the conclusion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from lims.catalog.queries import get_parameter
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, LimsError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.models import ResultRetest, TestSet, TestSetItem
from results.queries import BenchLine, retests_of, worklists_of
from results.services.entry import EntriesRefusedError, require_methods
from results.services.judging import Judge, JudgedEntry
from results.services.worklists import begin_testing_all
from results.types import Entry, ItemVerdict
from sampling.types import DutyRole

PARAMETER = "fail_retest"
ONLY_A_FAIL = _l("Only a result that fails is tested again.")
TESTED_AGAIN = _l("This result was tested again already.")


class NotConfirmedError(ConflictError):
    """A fail has no retest, or one that does not bear it out."""

    code = "fail_not_confirmed"


@dataclass(frozen=True, slots=True)
class Retest:
    """A second measurement as it is given: of which item of which set, and what was found."""

    blind_code: str
    line_id: UUID
    text: str


def enter_retest(uow: UnitOfWork, blind_code: str, line_id: UUID, text: str) -> ResultRetest:
    """Write down the second measurement of one item; as `enter_retests`."""
    return enter_retests(uow, [Retest(blind_code, line_id, text)])[0]


def enter_retests(uow: UnitOfWork, given: Sequence[Retest]) -> list[ResultRetest]:
    """Write down second measurements of items whose results stand as fails, judged by the same limits; all or none.

    Raises:
        NotFoundError: no such code in this laboratory, or no such item in it.
        ConflictError: the results are locked, an item did not fail, or its result was tested again already.
        InvalidInputError: a text that is no result, or an item twice.
        EntriesRefusedError: several of these, each beside its line.
        SeparationRefusedError: the person may not test one of these samples.
        NotAuthorisedError: the person may not test this food, or not by one of these methods.
    """
    if len({one.line_id for one in given}) != len(given):
        raise InvalidInputError(_l("The same item is given twice."))
    sets = begin_testing_all(uow, sorted({one.blind_code for one in given}))
    worklists = worklists_of(uow.session, [one.id for one in sets.values()])
    known = {code: {one.line.id: one for one in worklists[test_set.id]} for code, test_set in sets.items()}
    if any(one.line_id not in known[one.blind_code] for one in given):
        raise NotFoundError
    lines = [known[one.blind_code][one.line_id] for one in given]
    require_methods(uow, sets.values(), [one.line for one in lines])
    judge = Judge.of(uow.session, [one.line for one in lines])
    before = retests_of(uow.session, lines)
    entered: list[ResultRetest] = []
    problems: dict[str, LimsError] = {}
    for one, line in zip(given, lines, strict=True):
        try:
            entered.append(_retest_of(uow, judge, sets[one.blind_code], line, one.text, is_done=one.line_id in before))
        except (ConflictError, InvalidInputError) as problem:
            problems[str(one.line_id)] = problem
    if problems:
        raise next(iter(problems.values())) if len(given) == 1 else EntriesRefusedError(problems)
    uow.session.add_all(entered)
    uow.session.flush()
    return entered


def _retest_of(
    uow: UnitOfWork, judge: Judge, test_set: TestSet, one: BenchLine, text: str, *, is_done: bool
) -> ResultRetest:
    """The row of one retest.

    Raises:
        ConflictError: the item did not fail, or this result was tested again already.
        InvalidInputError: a text that is no result.
    """
    if one.result is None or one.result.verdict is not ItemVerdict.FAIL:
        raise ConflictError(ONLY_A_FAIL)
    if is_done:
        raise ConflictError(TESTED_AGAIN)
    judged = judge_retest(judge, one.line, test_set, text)
    return ResultRetest(
        set_item_id=one.line.id,
        sample_id=test_set.sample_id,
        version=one.result.version,
        entered_text=text.strip(),
        used=dict(judged.used),
        verdict=judged.judgement.verdict,
        tested_by_id=uow.actor.require_person(),
        tested_role=DutyRole.TESTER,
        tested_at=uow.now,
    )


def judge_retest(judge: Judge, line: TestSetItem, test_set: TestSet, text: str) -> JudgedEntry:
    """What a second measurement means, by the limit of the first.

    Raises:
        InvalidInputError: a text that is no result, or says that nothing was tested.
    """
    judged = judge.judge(line, test_set, Entry(line.id, text))
    if judged.judgement.verdict is ItemVerdict.UNTESTED:
        raise InvalidInputError(_l("A retest needs what was found."), field="text")
    return judged


def is_asked_for(session: Session, on: date) -> bool:
    """Whether a fail has to be borne out on this day."""
    return bool(get_parameter(session, PARAMETER, on).value)


def require_confirmed(uow: UnitOfWork, lines: Sequence[BenchLine]) -> None:
    """Insist that every fail was tested again and failed again.

    Raises:
        NotConfirmedError: names the items without a retest, or those whose retest says otherwise.
    """
    failed = [one for one in lines if one.result is not None and one.result.verdict is ItemVerdict.FAIL]
    if not failed or not is_asked_for(uow.session, local_date(uow.now)):
        return
    retests = retests_of(uow.session, failed)
    missing = [one.item.name_zh for one in failed if one.line.id not in retests]
    if missing:
        raise NotConfirmedError(
            _l("A fail is tested again before its lock; no retest yet for: %(items)s.", items="、".join(missing))
        )
    other = [one.item.name_zh for one in failed if retests[one.line.id].verdict is not ItemVerdict.FAIL]
    if other:
        raise NotConfirmedError(
            _l(
                "The retest does not bear out the fail of: %(items)s. Replace the result and say why.",
                items="、".join(other),
            )
        )
