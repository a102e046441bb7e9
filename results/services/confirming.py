"""The retest that bears out a fail: entered by the bench, asked for at the lock.

Source: domain rule 11, a failing result is tested again by the laboratory before the conclusion.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from lims.catalog.queries import get_parameter
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.models import ResultRetest
from results.queries import BenchLine, get_line, retests_of
from results.services.entry import require_methods
from results.services.judging import Judge
from results.services.worklists import begin_testing
from results.types import Entry, ItemVerdict
from sampling.types import DutyRole

PARAMETER = "fail_retest"


class NotConfirmedError(ConflictError):
    """A fail has no retest, or one that does not bear it out."""

    code = "fail_not_confirmed"


def enter_retest(uow: UnitOfWork, blind_code: str, line_id: UUID, text: str) -> ResultRetest:
    """Write down the second measurement of an item whose result stands as a fail, judged by the same limit.

    Raises:
        NotFoundError: no such code in this laboratory, or no such item in it.
        ConflictError: the results are locked, the item did not fail, or this result was tested again already.
        InvalidInputError: a text that is no result.
        SeparationRefusedError: the person may not test this sample.
        NotAuthorisedError: the person may not test this food, or not by this method.
    """
    test_set = begin_testing(uow, blind_code)
    one = get_line(uow.session, test_set.id, line_id)
    require_methods(uow, [test_set], [one.line])
    if one.result is None or one.result.verdict is not ItemVerdict.FAIL:
        raise ConflictError(_l("Only a result that fails is tested again."))
    if one.line.id in retests_of(uow.session, [one]):
        raise ConflictError(_l("This result was tested again already."))
    judged = Judge.of(uow.session, [one.line]).judge(one.line, test_set, Entry(line_id, text))
    if judged.judgement.verdict is ItemVerdict.UNTESTED:
        raise InvalidInputError(_l("A retest needs what was found."), field="text")
    retest = ResultRetest(
        set_item_id=line_id,
        sample_id=test_set.sample_id,
        version=one.result.version,
        entered_text=text.strip(),
        used=dict(judged.used),
        verdict=judged.judgement.verdict,
        tested_by_id=uow.actor.require_person(),
        tested_role=DutyRole.TESTER,
        tested_at=uow.now,
    )
    uow.session.add(retest)
    uow.session.flush()
    return retest


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
