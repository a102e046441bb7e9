"""Reads of nonconforming work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lims.actors import Actor
from lims.errors import NotFoundError
from lims.people.models import Person
from results.models import Conclusion, TestReport, TestSet
from results.nonconforming.models import (
    Nonconformity,
    NonconformityBatch,
    NonconformitySample,
    NonconformityStep,
    ReportImpact,
)
from results.nonconforming.rules import ENDS
from results.nonconforming.types import NonconformityState
from results.quality.models import Batch, BatchSlot
from results.quality.types import SlotKind

PAGE = 50


@dataclass(frozen=True, slots=True)
class AffectedReport:
    """A signed report that stands on nonconforming work, and what was decided about it."""

    report: TestReport
    decision: ReportImpact | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step with the names of who took it and who answers for the action."""

    step: NonconformityStep
    acted_by: str
    responsible: str | None


def get_nonconformity(session: Session, lab_id: UUID, number: str) -> Nonconformity:
    """One of one's own laboratory.

    Raises:
        NotFoundError: there is none.
    """
    found = session.scalar(
        sa.select(Nonconformity).where(Nonconformity.lab_id == lab_id, Nonconformity.nonconformity_no == number)
    )
    if found is None:
        raise NotFoundError
    return found


def list_nonconformities(
    session: Session,
    lab_id: UUID,
    *,
    only_open: bool = False,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> Sequence[Nonconformity]:
    """The register of a laboratory, the newest first; or only what has not come to its end."""
    query = sa.select(Nonconformity).where(Nonconformity.lab_id == lab_id)
    if only_open:
        query = query.where(Nonconformity.state.not_in(ENDS))
    if after is not None:
        query = query.where(sa.tuple_(Nonconformity.raised_at, Nonconformity.id) < sa.tuple_(*map(sa.literal, after)))
    return session.scalars(query.order_by(Nonconformity.raised_at.desc(), Nonconformity.id.desc()).limit(limit)).all()


def count_open(session: Session, actor: Actor) -> int:
    """How many of the actor's laboratory have not come to their end."""
    if actor.organisation_id is None:
        return 0
    found = session.scalar(
        sa.select(sa.func.count(Nonconformity.id)).where(
            Nonconformity.lab_id == actor.organisation_id, Nonconformity.state.not_in(ENDS)
        )
    )
    return found or 0


def steps_of(session: Session, nonconformity_id: UUID) -> list[StepRow]:
    """Every step, the first one first."""
    actor, responsible = aliased(Person), aliased(Person)
    rows = session.execute(
        sa.select(NonconformityStep, actor.name, responsible.name)
        .join(actor, actor.id == NonconformityStep.acted_by_id)
        .outerjoin(responsible, responsible.id == NonconformityStep.responsible_id)
        .where(NonconformityStep.nonconformity_id == nonconformity_id)
        .order_by(NonconformityStep.seq)
    )
    return [StepRow(*row) for row in rows]


def batches_of(session: Session, nonconformity_id: UUID) -> Sequence[Batch]:
    """The batches it is about."""
    return session.scalars(
        sa.select(Batch)
        .join(NonconformityBatch, NonconformityBatch.batch_id == Batch.id)
        .where(NonconformityBatch.nonconformity_id == nonconformity_id)
        .order_by(Batch.batch_no)
    ).all()


def samples_of(session: Session, nonconformity_id: UUID) -> Sequence[str]:
    """The blind codes of the samples it is about, besides those of its batches."""
    return session.scalars(
        sa.select(TestSet.blind_code)
        .join(NonconformitySample, NonconformitySample.test_set_id == TestSet.id)
        .where(NonconformitySample.nonconformity_id == nonconformity_id)
        .order_by(TestSet.blind_code)
    ).all()


def affected_reports(session: Session, nonconformity_id: UUID) -> list[AffectedReport]:
    """The signed reports over samples that it is about, by their numbers, with the last decision of each."""
    by_batch = (
        sa.select(BatchSlot.test_set_id)
        .join(NonconformityBatch, NonconformityBatch.batch_id == BatchSlot.batch_id)
        .where(NonconformityBatch.nonconformity_id == nonconformity_id, BatchSlot.kind == SlotKind.SAMPLE)
    )
    by_sample = sa.select(NonconformitySample.test_set_id).where(
        NonconformitySample.nonconformity_id == nonconformity_id
    )
    later = aliased(ReportImpact)
    last = ~sa.exists().where(
        later.nonconformity_id == ReportImpact.nonconformity_id,
        later.report_id == ReportImpact.report_id,
        later.seq > ReportImpact.seq,
    )
    rows = session.execute(
        sa.select(TestReport, ReportImpact, Person.name)
        .join(Conclusion, Conclusion.report_id == TestReport.id)
        .outerjoin(
            ReportImpact,
            sa.and_(ReportImpact.report_id == TestReport.id, ReportImpact.nonconformity_id == nonconformity_id, last),
        )
        .outerjoin(Person, Person.id == ReportImpact.decided_by_id)
        .where(TestReport.test_set_id.in_(by_batch.union(by_sample)))
        .order_by(TestReport.report_no, TestReport.version)
    )
    return [AffectedReport(*row) for row in rows]


def of_batch(session: Session, batch_id: UUID) -> Sequence[Nonconformity]:
    """The nonconforming work that a batch stands in."""
    return session.scalars(
        sa.select(Nonconformity)
        .join(NonconformityBatch, NonconformityBatch.nonconformity_id == Nonconformity.id)
        .where(NonconformityBatch.batch_id == batch_id)
        .order_by(Nonconformity.nonconformity_no)
    ).all()


def overdue(rows: Sequence[Nonconformity], today: date) -> set[UUID]:
    """Those whose corrective action should have been carried out by now."""
    planned = NonconformityState.PLANNED
    return {row.id for row in rows if row.state is planned and row.due_on is not None and row.due_on < today}
