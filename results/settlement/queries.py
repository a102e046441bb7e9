"""Reads of settlements: prices, what is open, and what was drawn up; each side sees its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chain_of_custody.models import Reception
from lims import clock
from lims.actors import Actor
from lims.catalog.models import FoodCategory
from lims.clock import local_date
from lims.errors import NotFoundError
from results.models import Conclusion, TestSet
from results.queries.deadlines import reports_due
from results.recheck.models import RecheckConclusion
from results.settlement.models import Settlement, SettlementLine, TestingPrice
from results.settlement.types import Price, SettledSample
from sampling.models import Sample
from sampling.types import SamplePurpose, SampleState

PAGE = 200


def list_prices(session: Session, regulator_id: UUID, lab_id: UUID | None = None) -> Sequence[TestingPrice]:
    """The prices of a regulator, by laboratory and category, the newest first."""
    query = sa.select(TestingPrice).where(TestingPrice.regulator_id == regulator_id)
    if lab_id is not None:
        query = query.where(TestingPrice.lab_id == lab_id)
    return session.scalars(
        query.order_by(
            TestingPrice.lab_id,
            TestingPrice.category_code.nulls_last(),
            TestingPrice.valid_from.desc(),
            TestingPrice.id,
        )
    ).all()


def prices_of(session: Session, regulator_id: UUID, lab_id: UUID) -> list[Price]:
    """The same as the rules read them."""
    return [Price(one.category_code, one.amount, one.valid_from) for one in list_prices(session, regulator_id, lab_id)]


def open_samples(
    session: Session, regulator_id: UUID, lab_id: UUID, first_day: date, last_day: date
) -> list[SettledSample]:
    """The samples of a laboratory that ended in a period and stand on no settlement, by number."""
    standing = sa.select(SettlementLine.sample_id).where(SettlementLine.is_standing)
    rows = session.execute(
        sa.select(Sample, FoodCategory.code, Conclusion, RecheckConclusion.verdict, TestSet)
        .join(FoodCategory, FoodCategory.id == Sample.category_id)
        .outerjoin(Conclusion, Conclusion.sample_id == Sample.id)
        .outerjoin(RecheckConclusion, RecheckConclusion.sample_id == Sample.id)
        .outerjoin(TestSet, TestSet.sample_id == Sample.id)
        .where(
            Sample.regulator_id == regulator_id,
            Sample.lab_id == lab_id,
            Sample.purpose == SamplePurpose.INSPECTION,
            sa.or_(Conclusion.id.is_not(None), Sample.state.in_([SampleState.REFUSED, SampleState.NOT_TESTED])),
            Sample.id.not_in(standing),
        )
        .order_by(Sample.sampling_no, Sample.id)
    ).all()
    refused = _refused_on(session, [row[0].id for row in rows if row[0].state is SampleState.REFUSED])
    due = reports_due(session, [row[4] for row in rows if row[4] is not None], clock.now())
    found = []
    for sample, code, conclusion, rechecked, _set in rows:
        ended_on = local_date(conclusion.signed_at) if conclusion else refused.get(sample.id)
        ended_on = ended_on or local_date(sample.state_changed_at)
        if not first_day <= ended_on <= last_day:
            continue
        found.append(
            SettledSample(
                sample_id=sample.id,
                sampling_no=sample.sampling_no,
                category_code=code,
                ended_on=ended_on,
                due_on=due[sample.id].on if sample.id in due and conclusion else None,
                is_refused=sample.state is SampleState.REFUSED,
                is_not_tested=sample.state is SampleState.NOT_TESTED,
                is_overturned=bool(conclusion and rechecked and rechecked is not conclusion.verdict),
            )
        )
    return found


def _refused_on(session: Session, sample_ids: Sequence[UUID]) -> dict[UUID, date]:
    rows = session.execute(
        sa.select(Reception.sample_id, Reception.checked_at).where(Reception.sample_id.in_(sample_ids))
    )
    return {sample_id: local_date(at) for sample_id, at in rows}


def list_settlements(session: Session, actor: Actor) -> Sequence[Settlement]:
    """The settlements of the actor's organisation, on whichever side it stands, the newest first."""
    query = sa.select(Settlement).where(_is_party(actor))
    return session.scalars(query.order_by(Settlement.drawn_up_at.desc(), Settlement.id).limit(PAGE)).all()


def get_settlement(session: Session, actor: Actor, settlement_id: UUID) -> Settlement:
    """One settlement.

    Raises:
        NotFoundError: there is none that concerns the actor's organisation.
    """
    found = session.scalar(sa.select(Settlement).where(Settlement.id == settlement_id, _is_party(actor)))
    if found is None:
        raise NotFoundError
    return found


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line with the number people know its sample by."""

    line: SettlementLine
    sampling_no: str


def lines_of(session: Session, settlement_id: UUID) -> list[LineRow]:
    """The lines of a settlement, by sampling number."""
    rows = session.execute(
        sa.select(SettlementLine, Sample.sampling_no)
        .join(Sample, Sample.id == SettlementLine.sample_id)
        .where(SettlementLine.settlement_id == settlement_id)
        .order_by(Sample.sampling_no)
    )
    return [LineRow(line, number) for line, number in rows]


def count_unconfirmed(session: Session, actor: Actor) -> int:
    """How many settlements wait for the laboratory of this person to confirm them."""
    if not actor.may("settlement.confirm"):
        return 0
    waiting = sa.select(sa.func.count()).where(
        Settlement.lab_id == actor.organisation_id,
        Settlement.confirmed_at.is_(None),
        Settlement.withdrawn_at.is_(None),
    )
    return session.scalar(waiting) or 0


def _is_party(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.or_(Settlement.lab_id == actor.organisation_id, Settlement.regulator_id == actor.organisation_id)
