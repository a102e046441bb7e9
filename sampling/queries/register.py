"""Reads of the business register and of signals."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.catalog.models import FoodCategory
from lims.errors import NotFoundError
from lims.people.models import Organisation
from sampling.models import Business, BusinessFood, DrawCeremony, DrawCommitment, Signal
from sampling.queries.plans import get_plan

PAGE = 50


@dataclass(frozen=True, slots=True)
class BusinessRow:
    """A business of the register with the office that handles it."""

    business: Business
    office: Organisation
    foods: int


def list_businesses(
    session: Session,
    actor: Actor,
    *,
    words: str | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int = PAGE,
) -> Sequence[BusinessRow]:
    """Businesses under the actor's organisation or its stations, by name."""
    foods = (
        sa.select(sa.func.count())
        .select_from(BusinessFood)
        .where(BusinessFood.business_id == Business.id)
        .scalar_subquery()
    )
    query = (
        sa.select(Business, Organisation, foods)
        .join(Organisation, Organisation.id == Business.regulator_id)
        .where(sa.or_(Organisation.id == actor.organisation_id, Organisation.superior_id == actor.organisation_id))
    )
    if words:
        query = query.where(
            sa.or_(
                Business.name.icontains(words, autoescape=True),
                Business.uscc == words.upper(),
                Business.licence_no == words.upper(),
            )
        )
    if after is not None:
        query = query.where(sa.tuple_(Business.name, Business.id) > sa.tuple_(*(sa.literal(part) for part in after)))
    rows = session.execute(query.order_by(Business.name, Business.id).limit(limit))
    return [BusinessRow(business, office, count) for business, office, count in rows]


def get_business(session: Session, actor: Actor, business_id: UUID) -> tuple[Business, Sequence[FoodCategory]]:
    """One business under the actor's organisation, with the foods it can be drawn for.

    Raises:
        NotFoundError: there is none.
    """
    business = session.scalar(
        sa.select(Business)
        .join(Organisation, Organisation.id == Business.regulator_id)
        .where(
            Business.id == business_id,
            sa.or_(Organisation.id == actor.organisation_id, Organisation.superior_id == actor.organisation_id),
        )
    )
    if business is None:
        raise NotFoundError
    foods = session.scalars(
        sa.select(FoodCategory)
        .join(BusinessFood, BusinessFood.food_category_id == FoodCategory.id)
        .where(BusinessFood.business_id == business.id)
        .order_by(FoodCategory.position, FoodCategory.id)
    ).all()
    return business, foods


def list_signals(session: Session, actor: Actor, limit: int = 200) -> Sequence[Signal]:
    """Signals of the actor's organisation: the undecided first, then the newest."""
    decided = sa.or_(Signal.confirmed_at.is_not(None), Signal.dismissed_reason.is_not(None))
    return session.scalars(
        sa.select(Signal)
        .where(Signal.organisation_id == actor.organisation_id)
        .order_by(decided, Signal.received_at.desc(), Signal.id)
        .limit(limit)
    ).all()


def get_ceremony(session: Session, actor: Actor, plan_id: UUID) -> tuple[DrawCeremony | None, Sequence[DrawCommitment]]:
    """The preparation of a plan's draw with its commitments.

    Raises:
        NotFoundError: there is no such plan.
    """
    get_plan(session, actor, plan_id)
    ceremony = session.scalar(sa.select(DrawCeremony).where(DrawCeremony.plan_id == plan_id))
    if ceremony is None:
        return None, ()
    return ceremony, session.scalars(
        sa.select(DrawCommitment).where(DrawCommitment.ceremony_id == ceremony.id).order_by(DrawCommitment.party)
    ).all()
