"""Disposals of a laboratory, and what stands on them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, select, tuple_
from sqlalchemy.orm import Session

from chain_of_custody.keeping.models import Disposal, DisposalLine
from chain_of_custody.models import Portion, Seal
from chain_of_custody.types import PortionKind
from lims.errors import NotFoundError
from sampling.models import Sample, SamplingForm


@dataclass(frozen=True, slots=True)
class DisposalRow:
    """A disposal in a list, with how many portions stand on it."""

    disposal: Disposal
    portions: int


@dataclass(frozen=True, slots=True)
class DisposedPortion:
    """One line of a disposal as its page and its paper show it."""

    portion_id: UUID
    sample_id: UUID
    sampling_no: str
    portion_no: str
    kind: PortionKind
    quantity: Decimal
    quantity_unit: str
    seal_no: str
    product_name: str


def get_disposal(session: Session, organisation_id: UUID, disposal_id: UUID) -> Disposal:
    """A disposal of one's own organisation.

    Raises:
        NotFoundError: there is none.
    """
    found = session.get(Disposal, disposal_id)
    if found is None or found.organisation_id != organisation_id:
        raise NotFoundError
    return found


def list_disposals(
    session: Session, organisation_id: UUID, *, after: tuple[datetime, UUID] | None = None, limit: int
) -> list[DisposalRow]:
    """Disposals of an organisation, the newest first."""
    portions = (
        select(func.count())
        .select_from(DisposalLine)
        .where(DisposalLine.disposal_id == Disposal.id)
        .correlate(Disposal)
        .scalar_subquery()
    )
    query = select(Disposal, portions).where(Disposal.organisation_id == organisation_id)
    if after is not None:
        query = query.where(tuple_(Disposal.proposed_at, Disposal.id) < tuple_(*(literal(part) for part in after)))
    rows = session.execute(query.order_by(Disposal.proposed_at.desc(), Disposal.id.desc()).limit(limit))
    return [DisposalRow(*row) for row in rows]


def list_disposed(session: Session, disposal_id: UUID) -> list[DisposedPortion]:
    """Everything on the list of a disposal, by portion number."""
    rows: Iterable[Any] = session.execute(
        select(
            Portion.id,
            Portion.sample_id,
            Sample.sampling_no,
            Portion.portion_no,
            Portion.kind,
            Portion.quantity,
            Portion.quantity_unit,
            Seal.seal_no,
            SamplingForm.product_name,
        )
        .join(DisposalLine, DisposalLine.portion_id == Portion.id)
        .join(Sample, Sample.id == Portion.sample_id)
        .join(Seal, Seal.portion_id == Portion.id)
        .join(SamplingForm, SamplingForm.sample_id == Portion.sample_id)
        .where(DisposalLine.disposal_id == disposal_id)
        .order_by(Portion.portion_no)
    )
    return [DisposedPortion(*row) for row in rows]
