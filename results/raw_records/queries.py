"""Reads of controlled templates."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.catalog.models import Method
from lims.errors import NotFoundError
from results.raw_records.models import RecordTemplate


def list_templates(session: Session, lab_id: UUID) -> Sequence[RecordTemplate]:
    """Every template of a laboratory, those of one standard together, the newest first."""
    one = RecordTemplate
    return session.scalars(
        sa.select(one).where(one.lab_id == lab_id).order_by(one.standard, one.valid_from.desc(), one.id)
    ).all()


def get_template(session: Session, lab_id: UUID, template_id: UUID) -> RecordTemplate:
    """One template.

    Raises:
        NotFoundError: there is none of this laboratory.
    """
    found = session.scalar(
        sa.select(RecordTemplate).where(RecordTemplate.id == template_id, RecordTemplate.lab_id == lab_id)
    )
    if found is None:
        raise NotFoundError
    return found


def known_standards(session: Session) -> Sequence[str]:
    """The standards of the methods in the catalogue."""
    return session.scalars(
        sa.select(Method.standard).where(Method.superseded_at.is_(None)).distinct().order_by(Method.standard)
    ).all()
