"""Reads of raw data, always totally ordered."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.errors import NotFoundError
from results.models import TestSet
from results.raw_data.models import RawData


def list_raw_data(session: Session, test_set_id: UUID) -> Sequence[RawData]:
    """The files of a set in the order in which they were attached."""
    return session.scalars(
        sa.select(RawData).where(RawData.test_set_id == test_set_id).order_by(RawData.attached_at, RawData.id)
    ).all()


def get_raw_data(session: Session, lab_id: UUID, raw_data_id: UUID) -> RawData:
    """One file of a set of this laboratory.

    Raises:
        NotFoundError: no such file, or one of another laboratory.
    """
    found = session.scalar(
        sa.select(RawData)
        .join(TestSet, TestSet.id == RawData.test_set_id)
        .where(RawData.id == raw_data_id, TestSet.lab_id == lab_id)
    )
    if found is None:
        raise NotFoundError
    return found
