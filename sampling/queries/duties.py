"""Who stands on which side of a plan, and what holds them there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.catalog.models import FoodCategory
from lims.i18n import bilingual
from lims.people.models import Organisation, Person
from sampling.models import DutyAct, OrganisationDuty, PersonPlanDuty, SamplingTask
from sampling.queries.plans import get_plan
from sampling.types import Side, TaskState


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One side taken by a person in a plan, or by a company group in one category of it.

    Attributes:
        acts: how many acts hold it; an act is never taken back, so such a duty stays.
        visits: how many visits to come need it.
    """

    person_id: UUID | None
    party_id: UUID | None
    category: FoodCategory | None
    name: str
    side: Side
    claimed_at: datetime
    acts: int
    visits: int

    @property
    def is_unused(self) -> bool:
        """Whether it can be given back."""
        return not self.acts and not self.visits

    @property
    def category_id(self) -> UUID | None:
        """The category of a company group's side."""
        return self.category.id if self.category else None

    @property
    def fields(self) -> dict[str, Any]:
        """What names this duty in a form."""
        named = {"person_id": self.person_id, "party_id": self.party_id, "category_id": self.category_id}
        return {name: str(value) for name, value in named.items() if value is not None}


def list_duties(session: Session, actor: Actor, plan_id: UUID) -> Sequence[DutyRow]:
    """The sides taken in a plan of the actor's organisation: groups by category, then persons by name.

    Raises:
        NotFoundError: there is no such plan.
    """
    get_plan(session, actor, plan_id)
    return [*_of_parties(session, plan_id), *_of_persons(session, plan_id)]


def visits_of_person(plan_id: UUID, person_id: Any) -> sa.ScalarSelect[int]:
    """How many visits to come of a plan name a person as sampler."""
    return (
        sa.select(sa.func.count())
        .where(
            SamplingTask.plan_id == plan_id,
            SamplingTask.state == TaskState.ISSUED,
            sa.or_(SamplingTask.first_sampler_id == person_id, SamplingTask.second_sampler_id == person_id),
        )
        .scalar_subquery()
    )


def visits_of_party(plan_id: UUID, category_id: Any, party_id: Any) -> sa.ScalarSelect[int]:
    """How many visits to come of a category are made for, or sent to, a company group."""
    group = sa.select(Organisation.id).where(Organisation.party_id == party_id)
    return (
        sa.select(sa.func.count())
        .where(
            SamplingTask.plan_id == plan_id,
            SamplingTask.category_id == category_id,
            SamplingTask.state == TaskState.ISSUED,
            sa.or_(SamplingTask.sampling_organisation_id.in_(group), SamplingTask.lab_id.in_(group)),
        )
        .scalar_subquery()
    )


def _of_persons(session: Session, plan_id: UUID) -> list[DutyRow]:
    acts = (
        sa.select(sa.func.count())
        .where(DutyAct.plan_scope == plan_id, DutyAct.person_id == PersonPlanDuty.person_id)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(PersonPlanDuty, Person.name, acts, visits_of_person(plan_id, PersonPlanDuty.person_id))
        .join(Person, Person.id == PersonPlanDuty.person_id)
        .where(PersonPlanDuty.plan_id == plan_id)
        .order_by(PersonPlanDuty.side, Person.name, Person.id)
    )
    return [
        DutyRow(duty.person_id, None, None, name, duty.side, duty.claimed_at, done, to_come)
        for duty, name, done, to_come in rows
    ]


def _of_parties(session: Session, plan_id: UUID) -> list[DutyRow]:
    acts = (
        sa.select(sa.func.count())
        .where(
            DutyAct.organisation_scope == plan_id,
            DutyAct.category_id == OrganisationDuty.category_id,
            DutyAct.party_id == OrganisationDuty.party_id,
        )
        .scalar_subquery()
    )
    to_come = visits_of_party(plan_id, OrganisationDuty.category_id, OrganisationDuty.party_id)
    rows = session.execute(
        sa.select(OrganisationDuty, Organisation, FoodCategory, acts, to_come)
        .join(Organisation, Organisation.id == OrganisationDuty.party_id)
        .join(FoodCategory, FoodCategory.id == OrganisationDuty.category_id)
        .where(OrganisationDuty.plan_id == plan_id)
        .order_by(FoodCategory.position, OrganisationDuty.side, Organisation.name_zh, Organisation.id)
    )
    return [
        DutyRow(None, duty.party_id, category, bilingual(group), duty.side, duty.claimed_at, done, visits)
        for duty, group, category, done, visits in rows
    ]
