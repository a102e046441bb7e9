"""Reads of corrections of forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.errors import NotFoundError
from sampling.models import FormCorrection, Sample
from sampling.queries.samples import get_sample, visible_samples

PAGE = 50


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A correction with the number of its sample."""

    correction: FormCorrection
    sampling_no: str


def list_corrections(session: Session, actor: Actor, sample_id: UUID) -> Sequence[FormCorrection]:
    """What was asked to be corrected on a form, the newest first.

    Raises:
        NotFoundError: no such sample that the actor may see.
    """
    sample = get_sample(session, actor, sample_id)
    query = sa.select(FormCorrection).where(FormCorrection.sample_id == sample.id)
    return session.scalars(query.order_by(FormCorrection.requested_at.desc(), FormCorrection.id)).all()


def list_waiting_corrections(
    session: Session, actor: Actor, *, after: tuple[datetime, UUID] | None = None, limit: int = PAGE
) -> list[CorrectionRow]:
    """Corrections that wait for a second person, on forms the actor may see, the oldest first."""
    query = (
        sa.select(FormCorrection, Sample.sampling_no)
        .join(Sample, Sample.id == FormCorrection.sample_id)
        .where(FormCorrection.outcome.is_(None), visible_samples(actor))
    )
    if after is not None:
        query = query.where(sa.tuple_(FormCorrection.requested_at, FormCorrection.id) > sa.tuple_(*after))
    rows = session.execute(query.order_by(FormCorrection.requested_at, FormCorrection.id).limit(limit))
    return [CorrectionRow(*row) for row in rows]


def get_correction(session: Session, actor: Actor, correction_id: UUID) -> CorrectionRow:
    """One correction.

    Raises:
        NotFoundError: none on a form that the actor may see.
    """
    row = session.execute(
        sa.select(FormCorrection, Sample.sampling_no)
        .join(Sample, Sample.id == FormCorrection.sample_id)
        .where(FormCorrection.id == correction_id, visible_samples(actor))
    ).one_or_none()
    if row is None:
        raise NotFoundError
    return CorrectionRow(*row)
