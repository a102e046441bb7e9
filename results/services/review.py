"""Locking results, and returning them to the bench."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from lims.decisions import read_reason
from lims.errors import ConflictError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.events import ResultsLocked, ResultsReturned
from results.models import ItemResult, ResultLock, SetReturn, TestSet
from results.quality.services.holds import require_released
from results.queries import (
    BenchLine,
    find_set,
    last_lock,
    list_lines,
    newest_report,
    open_proposals,
)
from results.rules.conclusion import conclude
from results.services.confirming import require_confirmed
from results.types import ItemVerdict, SampleVerdict, TestSetState
from sampling.models import Sample
from sampling.services.samples import move_sample
from sampling.services.separation import claim_act, get_sample_for_act, sample_tuple
from sampling.types import DutyRole, SampleEvent


class IncompleteResultsError(ConflictError):
    """Something of the worklist has no result yet, or a correction waits."""

    code = "incomplete_results"


def digest_of(results: Mapping[UUID, ItemResult]) -> bytes:
    """SHA-256 over what stands: line, version, inputs and verdict of every result, ordered by line."""
    content = [
        [str(line), row.version, row.used, row.verdict.value]
        for line, row in sorted(results.items(), key=lambda pair: str(pair[0]))
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).digest()


def lock_results(uow: UnitOfWork, blind_code: str) -> ResultLock:
    """Fix the results of a set as its reviewer, still blind.

    Raises:
        NotFoundError: no such code in this laboratory.
        IncompleteResultsError: items without a result, a correction that nobody approved, or results from which
            nothing can be concluded.
        ConflictError: nobody tests this set, or it is locked already.
        ResultsHeldError: quality control rejected a result, or is not complete.
        NotConfirmedError: a fail without a retest that bears it out.
        SeparationRefusedError: the reviewer tested this sample or stands on its sampling side.
    Emits: ResultsLocked.
    """
    test_set = find_set(uow.session, blind_code, uow.actor.require_organisation())
    sample = get_sample_for_act(uow, test_set.sample_id)
    uow.session.refresh(test_set)
    if test_set.state is not TestSetState.TESTING:
        raise ConflictError(_l("The set %(code)s is not being tested.", code=blind_code))
    claim_act(uow, sample_tuple(sample), DutyRole.REVIEWER)
    lines = list_lines(uow.session, test_set.id)
    missing = [line.item.name_zh for line in lines if line.result is None]
    if missing:
        raise IncompleteResultsError(_l("No result yet for: %(items)s.", items="、".join(missing)))
    if open_proposals(uow.session, test_set.id):
        raise IncompleteResultsError(_l("A proposed correction waits for its second person."))
    require_released(uow, test_set.id)
    require_confirmed(uow, lines)
    standing = {one.line.id: one.result for one in lines if one.result is not None}
    _check_conclusive(lines, standing)
    before = last_lock(uow.session, test_set.id)
    lock = ResultLock(
        test_set_id=test_set.id,
        seq=before.seq + 1 if before else 1,
        sample_id=sample.id,
        reviewer_id=uow.actor.require_person(),
        reviewer_role=DutyRole.REVIEWER,
        locked_at=uow.now,
        results_sha256=digest_of(standing),
    )
    uow.session.add(lock)
    test_set.state = TestSetState.LOCKED
    move_sample(uow, sample, SampleEvent.RESULTS_LOCKED)
    uow.emit(ResultsLocked(sample_id=sample.id))
    return lock


def _check_conclusive(lines: Sequence[BenchLine], standing: Mapping[UUID, ItemResult]) -> None:
    if conclude(row.verdict for row in standing.values()) is not SampleVerdict.UNDECIDED:
        return
    unjudged = [one.item.name_zh for one in lines if one.result and one.result.verdict is ItemVerdict.CANNOT_JUDGE]
    if unjudged:
        raise IncompleteResultsError(
            _l("Nothing can be concluded while these cannot be judged: %(items)s.", items="、".join(unjudged))
        )
    raise IncompleteResultsError(_l("Nothing of this set was judged, so nothing can be concluded. Give it up."))


def give_up(uow: UnitOfWork, blind_code: str, reason: str) -> None:
    """End a set without a conclusion, as its reviewer: the sample was not tested, and it says why (I5).

    Raises:
        NotFoundError: no such code in this laboratory.
        InvalidInputError: no reason.
        WrongStateError: the results are locked.
        SeparationRefusedError: as for a lock.

    Emits: SampleMoved.
    """
    test_set = find_set(uow.session, blind_code, uow.actor.require_organisation())
    sample = get_sample_for_act(uow, test_set.sample_id)
    uow.session.refresh(test_set)
    claim_act(uow, sample_tuple(sample), DutyRole.REVIEWER)
    move_sample(uow, sample, SampleEvent.GIVEN_UP, reason.strip())
    test_set.state = TestSetState.GIVEN_UP


def return_results(uow: UnitOfWork, blind_code: str, reason: str) -> None:
    """Give a set back to the bench, as a reviewer, still blind.

    Results that were not locked yet may then be entered again; of locked ones only corrections by two persons are
    taken from then on.

    Raises:
        NotFoundError: no such code in this laboratory.
        InvalidInputError: no reason.
        WrongStateError: nobody tests this set, or the report is signed.
        SeparationRefusedError: as for a lock.

    Emits: ResultsReturned.
    """
    test_set = find_set(uow.session, blind_code, uow.actor.require_organisation())
    sample = get_sample_for_act(uow, test_set.sample_id)
    uow.session.refresh(test_set)
    give_back(uow, test_set, sample, DutyRole.REVIEWER, reason)


def give_back(uow: UnitOfWork, test_set: TestSet, sample: Sample, role: DutyRole, reason: str) -> None:
    """Return a set to the bench in a role, and keep the reason where the bench reads it.

    Raises:
        InvalidInputError: no reason.
        ConflictError: nobody tests this set.
        WrongStateError: the report is signed.

    Emits: ResultsReturned.
    """
    why = read_reason(reason)
    if test_set.state not in {TestSetState.TESTING, TestSetState.LOCKED}:
        raise ConflictError(_l("The set %(code)s is not being tested.", code=test_set.blind_code))
    claim_act(uow, sample_tuple(sample), role)
    was_locked = test_set.state is TestSetState.LOCKED
    if was_locked:
        move_sample(uow, sample, SampleEvent.RETURNED_TO_BENCH)
        test_set.state = TestSetState.TESTING
    uow.session.add(
        SetReturn(
            test_set_id=test_set.id,
            sample_id=sample.id,
            returned_by_id=uow.actor.require_person(),
            returned_role=role,
            reason=why,
            after_lock=was_locked,
            returned_at=uow.now,
        )
    )
    unblinded = newest_report(uow.session, sample.id) is not None
    uow.emit(ResultsReturned(sample_id=sample.id, reason=why, after_unblinding=unblinded))
