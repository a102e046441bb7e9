"""Every night the ledger is replayed against the tables and every other invariant is proved; what came of it is kept.

`lims verify` does the same by hand. A night that was missed (the machine was off) is made up for at the next start.
"""

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, Index, func, select
from sqlalchemy.orm import Mapped, Session

from lims import clock, verification
from lims.clock import LOCAL_ZONE
from lims.db import Entity, db
from lims.uow import UnitOfWork

BEGINS = time(2, 0)  # local: nobody works, and the backup of 02:30 already has the answer beside it
MISSED_AFTER = timedelta(hours=30)  # a night and what a short one may be late


class VerificationRun(Entity):
    """One proof of all invariants: when, over how many rows, and what was violated."""

    __tablename__ = "verification_run"
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    invariants: Mapped[int]
    checked: Mapped[int]
    violations: Mapped[int]
    violated: Mapped[list[Any]]  # the invariants that do not hold, with examples
    __table_args__ = (
        CheckConstraint("(violations = 0) = (violated = '[]'::jsonb)", name="violations_are_named"),
        Index("ix_verification_run_begun_at", "begun_at"),
        {"info": {"privileges": "select, insert"}},
    )


def is_due(last: datetime | None, now: datetime) -> bool:
    """Whether a proof is due: once a night from two o'clock on, or when the last one is too long ago.

    Args:
        last: when the last one began; None when there was none.
        now: the instant.
    """
    begins = datetime.combine(clock.local_date(now), BEGINS, LOCAL_ZONE)
    if last is None:
        return begins <= now < begins + timedelta(hours=1)
    return last < begins <= now < begins + timedelta(hours=1) or now - last > MISSED_AFTER


def last_run(session: Session) -> VerificationRun | None:
    """The newest proof; None before the first night."""
    return session.scalar(select(VerificationRun).order_by(VerificationRun.begun_at.desc()).limit(1))


def prove_tonight(uow: UnitOfWork) -> VerificationRun | None:
    """Prove every invariant if it is due, on one snapshot of the database; None when it is not."""
    last = uow.session.scalar(select(func.max(VerificationRun.begun_at)))
    return prove(uow) if is_due(last, uow.now) else None


def prove(uow: UnitOfWork) -> VerificationRun:
    """Prove every invariant now, and keep what came of it."""
    with db.snapshot() as session:
        findings = verification.run_checks(session)
    run = VerificationRun(
        begun_at=uow.now,
        ended_at=clock.now(),
        invariants=len(findings),
        checked=sum(finding.checked for finding in findings),
        violations=sum(finding.violations for finding in findings),
        violated=[finding.to_json() for finding in findings if finding.violations],
    )
    uow.session.add(run)
    return run


def violations_last_night(session: Session, _now: datetime) -> int:
    """For `/ops`: violations of the newest proof."""
    run = last_run(session)
    return run.violations if run else 0
