"""Sending referrals to whoever answers for them, and marking what was not done in time."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from lims.uow import UnitOfWork
from results.referral.events import BranchEscalated
from results.referral.models import BranchEscalation, ReferralBranch
from results.referral.queries import clocks_of, list_marks, submitted_parts
from results.referral.rules.opening import marks_due
from results.referral.rules.states import ENDS
from results.referral.services.cases import note_act
from results.referral.types import CaseAct

BATCH = 500  # branches looked at in one transaction


def mark_sent(uow: UnitOfWork, referral_id: UUID) -> Sequence[ReferralBranch]:
    """Note that the branches of a referral reached the inbox of their regulators; doing it again changes nothing.

    Returns:
        The branches that were not sent before.
    """
    unsent = uow.session.scalars(
        select(ReferralBranch)
        .where(ReferralBranch.referral_id == referral_id, ReferralBranch.sent_at.is_(None))
        .order_by(ReferralBranch.id)
        .with_for_update()
    ).all()
    for branch in unsent:
        branch.sent_at = uow.now
        note_act(uow, referral_id, CaseAct.SENT, branch_id=branch.id)
    return unsent


def escalate_due(uow: UnitOfWork) -> int:
    """Mark every branch in which something should have been done by now; returns how many marks are new.

    A branch that somebody works on at this moment is left to the next run.

    Emits: BranchEscalated, once for each branch and mark.
    """
    branches = uow.session.scalars(
        select(ReferralBranch)
        .where(
            ReferralBranch.state.not_in(ENDS),
            (ReferralBranch.acknowledge_due_at <= uow.now) | (ReferralBranch.start_due_at <= uow.now),
        )
        .order_by(ReferralBranch.finish_due_at, ReferralBranch.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    ids = [branch.id for branch in branches]
    parts, noted = submitted_parts(uow.session, ids), list_marks(uow.session, ids)
    new = 0
    for branch in branches:
        due = marks_due(branch.state, parts.get(branch.id, frozenset()), clocks_of(branch), uow.now)
        for mark in due:
            if mark in noted.get(branch.id, ()):
                continue
            new += 1
            uow.session.add(
                BranchEscalation(branch_id=branch.id, mark=mark, referral_id=branch.referral_id, at=uow.now)
            )
            note_act(uow, branch.referral_id, CaseAct.ESCALATED, mark.value, branch.id)
            uow.emit(
                BranchEscalated(
                    referral_id=branch.referral_id, sample_id=branch.sample_id, branch_id=branch.id, mark=mark
                )
            )
    return new
