"""Who could act for a category of a plan, on which side, and why not where they cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.auth.permissions import Role
from lims.clock import local_date
from lims.errors import NotFoundError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.people.authorisations import NEEDED, Needed, NotAuthorisedError, without_authorisation
from lims.people.models import Employment, Person, RoleGrant
from lims.people.queries import colleagues, in_force
from sampling.models import DutyAct, PersonPlanDuty, PlanCategory
from sampling.queries.plans import get_plan
from sampling.types import SIDE_OF, DutyRole, Side

BENCH = (Role.TESTER, Role.REVIEWER, Role.SIGNATORY)


@dataclass(frozen=True, slots=True)
class TeamCandidate:
    """Somebody who could act in a role; `why_not` is None for who is free."""

    person_id: UUID
    name: str
    role: Role
    why_not: LazyString | str | None

    @property
    def is_free(self) -> bool:
        """Whether nothing speaks against it."""
        return self.why_not is None


def list_team(session: Session, actor: Actor, plan_id: UUID, category_id: UUID, on: date) -> Sequence[TeamCandidate]:
    """Samplers, officers of the regulator and the bench of the laboratory, each with what speaks against them on a day.

    Whoever acted on the sampling side of this plan and works elsewhere now is listed too, so that a planner sees why a
    name is missing.

    Raises:
        NotFoundError: there is no such plan, or the category is not in it.
    """
    plan = get_plan(session, actor, plan_id)
    category = session.get(PlanCategory, (plan_id, category_id))
    if category is None:
        raise NotFoundError
    found: list[TeamCandidate] = []
    if category.sampling_organisation_id is not None:
        found += _of_role(session, category, category.sampling_organisation_id, Role.SAMPLER, on)
        found += _gone(session, plan_id, category.sampling_organisation_id, on)
    found += _of_role(session, category, plan.organisation_id, Role.ACCOMPANYING_OFFICER, on)
    if category.lab_id is not None:
        for role in BENCH:
            found += _of_role(session, category, category.lab_id, role, on)
    return found


def _of_role(
    session: Session, category: PlanCategory, organisation_id: UUID, role: Role, on: date
) -> list[TeamCandidate]:
    people = colleagues(session, organisation_id, on, role)
    # The officer touches single samples only, so a job in this plan does not stand in the way.
    sides = {} if role is Role.ACCOMPANYING_OFFICER else _barred(session, category.plan_id, SIDE_OF[DutyRole(role)])
    needed = [Needed(one.person_id, one.name, organisation_id, (NEEDED[role],)) for one in people]
    refused = without_authorisation(session, needed, on, category_id=category.category_id)
    return [TeamCandidate(one.person_id, one.name, role, _why_not(one.person_id, sides, refused)) for one in people]


def _why_not(
    person_id: UUID, sides: Mapping[UUID, LazyString], refused: Mapping[UUID, NotAuthorisedError]
) -> LazyString | str | None:
    if person_id in sides:
        return sides[person_id]
    return refused[person_id].message if person_id in refused else None


def _barred(session: Session, plan_id: UUID, side: Side) -> dict[UUID, LazyString]:
    """Who cannot take a side of a plan, with the first act on the other or the day of the assignment in words."""
    first_act = (
        sa.select(sa.func.min(DutyAct.acted_at))
        .where(DutyAct.plan_scope == plan_id, DutyAct.person_id == PersonPlanDuty.person_id)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(PersonPlanDuty.person_id, PersonPlanDuty.side, PersonPlanDuty.claimed_at, first_act)
        .where(PersonPlanDuty.plan_id == plan_id, PersonPlanDuty.side != side)
        .order_by(PersonPlanDuty.person_id)
    )
    return {
        person_id: _stands(other, local_date(acted_at or claimed_at).isoformat(), has_acted=acted_at is not None)
        for person_id, other, claimed_at, acted_at in rows
    }


def _stands(side: Side, day: str, *, has_acted: bool) -> LazyString:
    if side is Side.TESTING:
        return (
            _l("tested in this plan on %(day)s", day=day)
            if has_acted
            else _l("tests in this plan since %(day)s", day=day)
        )
    return (
        _l("sampled in this plan on %(day)s", day=day)
        if has_acted
        else _l("samples in this plan since %(day)s", day=day)
    )


def _gone(session: Session, plan_id: UUID, organisation_id: UUID, on: date) -> list[TeamCandidate]:
    here = sa.select(Employment.person_id).where(Employment.organisation_id == organisation_id, *in_force(on))
    was_sampler = (
        sa.select(Employment.person_id)
        .join(RoleGrant, RoleGrant.employment_id == Employment.id)
        .where(Employment.organisation_id == organisation_id, RoleGrant.role == Role.SAMPLER)
    )
    rows = session.execute(
        sa.select(Person.id, Person.name)
        .join(PersonPlanDuty, PersonPlanDuty.person_id == Person.id)
        .where(PersonPlanDuty.plan_id == plan_id, Person.id.in_(was_sampler), Person.id.not_in(here))
        .order_by(Person.name, Person.id)
    )
    return [TeamCandidate(person_id, name, Role.SAMPLER, _l("works elsewhere now")) for person_id, name in rows]
