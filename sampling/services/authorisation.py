"""Which authorisation each act on a sample takes; `sampling.services.separation.claim_acts` asks for all of them."""

from collections.abc import Sequence
from uuid import UUID

from lims.clock import local_date
from lims.people.authorisations import Needed, require_authorised
from lims.people.queries import employments_of_persons
from lims.uow import UnitOfWork
from sampling.types import KINDS_OF, DutyRole


def require_may_act(uow: UnitOfWork, category_id: UUID, acts: Sequence[tuple[DutyRole, UUID]]) -> None:
    """Insist that everybody who acts is authorised today, by whom they work for, for this major category.

    Raises:
        NotAuthorisedError: the first who is not.
        NotFoundError: a person is employed nowhere today.
    """
    acting = [(KINDS_OF[role], person_id) for role, person_id in acts if KINDS_OF[role]]
    if not acting:
        return
    today = local_date(uow.now)
    facts = employments_of_persons(uow.session, {person_id for _kinds, person_id in acting}, today)
    needed = [
        Needed(person_id, facts[person_id].person_name, facts[person_id].organisation_id, kinds)
        for kinds, person_id in acting
    ]
    require_authorised(uow.session, needed, today, category_id=category_id)
