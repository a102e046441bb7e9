"""Who could take part in a category of a plan, and why not where they cannot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import Actor, OrganisationKind
from lims.auth.permissions import Role
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.people.authorisations import NEEDED, Needed, without_authorisation
from lims.people.models import Organisation
from lims.people.queries import accreditations_on, colleagues, list_organisations
from sampling.models import Business, BusinessFood, OrganisationDuty
from sampling.types import PlaceKind, Side

LEAST_SAMPLERS = 2  # who cannot send a team cannot sample, whatever the rule parameter of the day says
TAKING_PART = (OrganisationKind.REGULATOR, OrganisationKind.SAMPLING_ORG, OrganisationKind.LAB)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organisation with what speaks against it, None where it is free; `samplers` may take the food."""

    organisation: Organisation
    samplers: int
    not_sampling: LazyString | None
    not_testing: LazyString | None


def list_candidates(
    session: Session, actor: Actor, plan_id: UUID, category_id: UUID | None, on: date
) -> Sequence[Candidate]:
    """Every organisation that could sample or test a category of this plan on a day, by name.

    Another regulator is nobody's sampling organisation here, so only the actor's own is listed.
    """
    sides: dict[UUID, Side] = {}
    if category_id is not None:
        held = session.execute(
            sa.select(OrganisationDuty.party_id, OrganisationDuty.side)
            .where(OrganisationDuty.plan_id == plan_id, OrganisationDuty.category_id == category_id)
            .order_by(OrganisationDuty.party_id)
        )
        sides = {party_id: side for party_id, side in held}  # noqa: C416 - rows are not pairs to the type checker
    found = []
    for organisation in list_organisations(session, TAKING_PART):
        if organisation.kind is OrganisationKind.REGULATOR and organisation.id != actor.organisation_id:
            continue
        samplers = _authorised_samplers(session, organisation.id, category_id, on)
        side = sides.get(organisation.party_id)
        found.append(
            Candidate(
                organisation,
                samplers,
                _against_sampling(samplers, side),
                _against_testing(session, organisation, side, on),
            )
        )
    return found


def _authorised_samplers(session: Session, organisation_id: UUID, category_id: UUID | None, on: date) -> int:
    """How many samplers of an organisation may take this food on a day."""
    people = colleagues(session, organisation_id, on, Role.SAMPLER)
    needed = [Needed(one.person_id, one.name, organisation_id, (NEEDED[Role.SAMPLER],)) for one in people]
    return len(people) - len(without_authorisation(session, needed, on, category_id=category_id))


def _against_sampling(samplers: int, side: Side | None) -> LazyString | None:
    if side is Side.TESTING:
        return _l("tests this category in this plan already")
    if samplers < LEAST_SAMPLERS:
        return _l("employs %(count)s authorised samplers, a team needs two", count=samplers)
    return None


def _against_testing(session: Session, organisation: Organisation, side: Side | None, on: date) -> LazyString | None:
    if organisation.kind is not OrganisationKind.LAB:
        return _l("is no laboratory")
    if side is Side.SAMPLING:
        return _l("samples this category in this plan already")
    if not accreditations_on(session, organisation.id, on):
        return _l("has no accreditation in force today")
    return None


def count_businesses(
    session: Session, actor: Actor, wanted: Sequence[tuple[Sequence[UUID], PlaceKind]]
) -> Sequence[int]:
    """How many open businesses under the actor's organisation sell one of these foods at this kind of place."""
    regulators = sa.select(Organisation.id).where(
        sa.or_(Organisation.id == actor.organisation_id, Organisation.superior_id == actor.organisation_id)
    )
    return [
        session.scalar(
            sa.select(sa.func.count(sa.distinct(Business.id)))
            .join(BusinessFood, BusinessFood.business_id == Business.id)
            .where(
                Business.place_kind == place_kind,
                Business.closed_on.is_(None),
                Business.regulator_id.in_(regulators),
                BusinessFood.food_category_id.in_(foods),
            )
        )
        or 0
        for foods, place_kind in wanted
    ]
