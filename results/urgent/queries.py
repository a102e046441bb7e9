"""Reads of 24-hour reports: what has to be sent, what was sent, and what its paper shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.catalog.queries import deadline, get_parameter
from lims.clock import local_date
from lims.errors import NotFoundError
from results.models import ItemResult, ResultLock, TestSet, TestSetItem
from results.queries import last_lock
from results.referral.queries import failed_items
from results.referral.rules.opening import severity_of
from results.referral.types import FailedItem, Severity
from results.types import ItemVerdict, TestSetState
from results.urgent.models import UrgentReport
from sampling.models import Sample
from sampling.types import SamplePurpose

SEND = "send_urgent"
PAGE = 200


@dataclass(frozen=True, slots=True)
class Danger:
    """Locked results that have to be reported at once; still known by their blind code."""

    test_set: TestSet
    lock: ResultLock
    items: Sequence[FailedItem]
    due_at: datetime


def dangers(session: Session, lab_id: UUID, *, test_set_id: UUID | None = None) -> list[Danger]:
    """The locked sets of a laboratory with a serious danger that nobody has reported yet, the first found first.

    Args:
        session: to read with.
        lab_id: whose.
        test_set_id: only this one.
    """
    failing = (
        sa.select(ItemResult.sample_id)
        .join(TestSetItem, TestSetItem.id == ItemResult.set_item_id)
        .where(TestSetItem.test_set_id == TestSet.id, ItemResult.verdict == ItemVerdict.FAIL)
    )
    newest = (
        sa.select(sa.func.max(ResultLock.seq))
        .where(ResultLock.test_set_id == TestSet.id)
        .correlate(TestSet)  # not of itself: it stands two levels below the statement whose sets it is about
        .scalar_subquery()
    )
    sent = sa.select(UrgentReport.id).where(
        UrgentReport.test_set_id == TestSet.id, UrgentReport.lock_seq == newest, UrgentReport.sent_at.is_not(None)
    )
    query = (
        sa.select(TestSet)
        .join(Sample, Sample.id == TestSet.sample_id)
        .where(
            TestSet.lab_id == lab_id,
            TestSet.state == TestSetState.LOCKED,
            Sample.purpose == SamplePurpose.INSPECTION,
            failing.exists(),
            ~sent.exists(),
        )
        .order_by(TestSet.opened_at, TestSet.id)
    )
    if test_set_id is not None:
        query = query.where(TestSet.id == test_set_id)
    found = (_danger(session, one) for one in session.scalars(query).all())
    return sorted((one for one in found if one is not None), key=lambda one: (one.lock.locked_at, one.test_set.id))


def _danger(session: Session, test_set: TestSet) -> Danger | None:
    lock = last_lock(session, test_set.id)
    items = failed_items(session, test_set.sample_id)
    if lock is None or not items:
        return None
    factor = get_parameter(session, "gross_excess_factor", local_date(lock.locked_at)).value
    dangerous = [one for one in items if severity_of([one], factor) is Severity.URGENT]
    if not dangerous:
        return None
    return Danger(test_set, lock, dangerous, deadline(session, SEND, lock.locked_at).due_at)


def list_sent(session: Session, actor: Actor) -> Sequence[UrgentReport]:
    """What this laboratory sent, or what this regulator was sent, the newest first."""
    query = sa.select(UrgentReport).where(UrgentReport.sent_at.is_not(None), _is_party(actor))
    return session.scalars(query.order_by(UrgentReport.sent_at.desc(), UrgentReport.id).limit(PAGE)).all()


def get_report(session: Session, actor: Actor, report_id: UUID) -> UrgentReport:
    """One report, for its laboratory from its composition on, for its regulator once it is sent.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    report = session.scalar(sa.select(UrgentReport).where(UrgentReport.id == report_id, _is_party(actor)))
    if report is None or (report.sent_at is None and report.lab_id != actor.organisation_id):
        raise NotFoundError
    return report


def newest_report(session: Session, sample_id: UUID) -> UrgentReport | None:
    """The last composed one of a sample."""
    return session.scalar(
        sa.select(UrgentReport)
        .where(UrgentReport.sample_id == sample_id)
        .order_by(UrgentReport.version.desc())
        .limit(1)
    )


def sent_of(session: Session, sample_id: UUID) -> Sequence[UrgentReport]:
    """What was sent about a sample, the first one first."""
    return session.scalars(
        sa.select(UrgentReport)
        .where(UrgentReport.sample_id == sample_id, UrgentReport.sent_at.is_not(None))
        .order_by(UrgentReport.version)
    ).all()


def count_waiting(session: Session, actor: Actor) -> int:
    """How many wait for this person: to be sent by a signatory, or to be acknowledged by the regulator."""
    if actor.organisation_id is None:
        return 0
    if actor.may("urgent.send"):
        return len(dangers(session, actor.organisation_id))
    unacknowledged = sa.select(sa.func.count()).where(
        UrgentReport.regulator_id == actor.organisation_id,
        UrgentReport.sent_at.is_not(None),
        UrgentReport.acknowledged_at.is_(None),
    )
    return session.scalar(unacknowledged) or 0


def _is_party(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.or_(UrgentReport.lab_id == actor.organisation_id, UrgentReport.regulator_id == actor.organisation_id)
