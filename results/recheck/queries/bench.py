"""Reads of what a recheck was tested by, what it costs, and whom it was shown to."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.catalog.models import Method
from lims.people.models import Organisation
from results.models import TestSetItem
from results.recheck.models import Recheck, RecheckFee, RecheckWatch
from results.recheck.queries.rechecks import visible_rechecks
from results.recheck.types import FeeBearer

NO_METHOD = "/"  # the catalogue knew none when the first test began
MOST_FEES = 2_000


def first_methods(session: Session, recheck: Recheck) -> dict[UUID, str]:
    """The method of the first test by worklist line, as people write it; lines without one are left out."""
    rows = session.execute(
        sa.select(TestSetItem.id, sa.func.trim(Method.standard + " " + Method.part))
        .join(Method, Method.id == TestSetItem.method_id)
        .where(TestSetItem.id.in_(recheck.set_item_ids))
        .order_by(TestSetItem.position)
    )
    return {line_id: name for line_id, name in rows}  # noqa: C416 - a Row is no pair to mypy


def fee_of(session: Session, recheck_id: UUID) -> RecheckFee | None:
    """The fee of a recheck, once it is stated."""
    return session.get(RecheckFee, recheck_id)


def watches_of(session: Session, recheck_id: UUID) -> Sequence[RecheckWatch]:
    """When the first laboratory was told that it may watch, the first time first."""
    return session.scalars(
        sa.select(RecheckWatch).where(RecheckWatch.recheck_id == recheck_id).order_by(RecheckWatch.number)
    ).all()


@dataclass(frozen=True, slots=True)
class Watching:
    """A recheck that the first laboratory may watch, in what it may know of it."""

    recheck_no: str
    lab: Organisation
    watch: RecheckWatch


def list_watchings(session: Session, lab_id: UUID) -> list[Watching]:
    """What a laboratory may watch, the newest first."""
    rows = session.execute(
        sa.select(Recheck.recheck_no, Organisation, RecheckWatch)
        .join(RecheckWatch, RecheckWatch.recheck_id == Recheck.id)
        .join(Organisation, Organisation.id == Recheck.lab_id)
        .where(RecheckWatch.lab_id == lab_id)
        .order_by(RecheckWatch.begins_at.desc(), RecheckWatch.recheck_id, RecheckWatch.number)
        .limit(50)
    )
    return [Watching(number, lab, watch) for number, lab, watch in rows]


def list_fees(session: Session, actor: Actor, *, is_open: bool) -> Sequence[tuple[Recheck, RecheckFee]]:
    """The fees of rechecks the actor may see, those due first; only what is still to be paid or paid back, or all."""
    query = (
        sa.select(Recheck, RecheckFee)
        .join(RecheckFee, RecheckFee.recheck_id == Recheck.id)
        .where(visible_rechecks(actor))
    )
    if is_open:
        unpaid = sa.and_(
            RecheckFee.advanced_on.is_(None),
            RecheckFee.amount > 0,
            RecheckFee.borne_by.is_distinct_from(FeeBearer.REGULATOR),
        )
        to_be_returned = sa.and_(
            RecheckFee.borne_by == FeeBearer.REGULATOR,
            RecheckFee.advanced_on.is_not(None),
            RecheckFee.repaid_on.is_(None),
        )
        query = query.where(sa.or_(unpaid, to_be_returned))
    rows = session.execute(query.order_by(RecheckFee.pay_due_at, RecheckFee.recheck_id).limit(MOST_FEES))
    return [(recheck, fee) for recheck, fee in rows]
