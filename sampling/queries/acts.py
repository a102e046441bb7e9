"""Reads of who acted on a sample, and by what authorisation."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.clock import local_date
from lims.people.authorisations import authorisations_in
from lims.people.models import Organisation, Person
from lims.people.rules import in_force
from lims.people.types import HeldAuthorisation
from sampling.models import DutyAct
from sampling.queries.samples import get_sample
from sampling.types import KINDS_OF


@dataclass(frozen=True, slots=True)
class ActRow:
    """One act on a sample.

    Attributes:
        authorisation: in force on the day of the act, given by whom the person acted for; None where the role takes
            none, or none was demanded on that day.
    """

    act: DutyAct
    person: str
    organisation: Organisation
    authorisation: HeldAuthorisation | None


def list_acts(session: Session, actor: Actor, sample_id: UUID) -> list[ActRow]:
    """Everybody who acted on a sample, in the order in which they did.

    Raises:
        NotFoundError: there is no such sample that the actor may see.
    """
    sample = get_sample(session, actor, sample_id)
    rows = session.execute(
        sa.select(DutyAct, Person.name, Organisation)
        .join(Person, Person.id == DutyAct.person_id)
        .join(Organisation, Organisation.id == DutyAct.organisation_id)
        .where(DutyAct.sample_id == sample.id)
        .order_by(DutyAct.acted_at, DutyAct.role, Person.name, DutyAct.id)
    )
    return [ActRow(act, person, organisation, _held(session, act)) for act, person, organisation in rows]


def _held(session: Session, act: DutyAct) -> HeldAuthorisation | None:
    day = local_date(act.acted_at)
    for one in authorisations_in(session, frozenset({act.person_id}), day).get(act.person_id, ()):
        if one.kind in KINDS_OF[act.role] and one.organisation_id == act.organisation_id and in_force(one, day):
            return one
    return None
