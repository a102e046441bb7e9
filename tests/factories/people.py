"""Organisations, persons and actors."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import count
from uuid import UUID

import sqlalchemy as sa

from lims import clock
from lims.actors import INSTALL, Actor, OrganisationKind
from lims.auth.permissions import Role
from lims.db import db
from lims.people import services
from lims.people.authorisations import NEEDED
from lims.people.authorising import authorise, revoke_authorisation
from lims.people.models import Account, Authorisation, AuthorisationRevocation
from lims.people.queries import actor_for, employment_of_person
from lims.people.types import AuthorisationKind, IdentityDocument
from lims.uow import unit_of_work

_numbers = count(1)
PASSWORD = "correct horse battery"
LONG_AGO, FAR_OFF = date(2020, 1, 1), date(2040, 1, 1)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person with an account and the actor they are."""

    person_id: UUID
    account_id: UUID
    username: str
    actor: Actor


def make_organisation(kind: OrganisationKind = OrganisationKind.LAB, *, owner_id: UUID | None = None) -> UUID:
    """An organisation with a name of its own."""
    number = next(_numbers)
    with unit_of_work(INSTALL) as uow:
        organisation = services.register_organisation(
            uow, name_zh=f"机构{number}", name_en=f"Organisation {number}", kind=kind, owner_id=owner_id
        )
        return organisation.id


def make_person(organisation_id: UUID, *roles: Role, name: str | None = None, is_authorised: bool = True) -> Somebody:
    """A person employed for years, with an account, these roles and what they have to be authorised for."""
    with unit_of_work(INSTALL) as uow:
        return _person(uow, organisation_id, roles, name=name, is_authorised=is_authorised)


def make_people(*wanted: tuple[UUID, Role]) -> list[Somebody]:
    """Several persons of one role each, as `make_person`, written in one go."""
    with unit_of_work(INSTALL) as uow:
        return [_person(uow, organisation_id, (role,)) for organisation_id, role in wanted]


def _person(uow, organisation_id, roles, *, name=None, is_authorised=True) -> Somebody:
    number = next(_numbers)
    person = services.register_person(
        uow,
        name=name or f"人员{number}",
        name_latin=f"Person {number}",
        documents=[IdentityDocument("resident_id", f"11010119900101{number:04d}")],
    )
    services.employ(uow, person.id, organisation_id, roles, valid_from=LONG_AGO, officer_no=f"E{number:05d}")
    account = services.open_account(uow, person.id, f"user{number}", PASSWORD)
    if is_authorised:
        for kind in sorted({NEEDED[role] for role in roles if role in NEEDED}):
            authorise(uow, person.id, organisation_id, kind, valid_from=LONG_AGO, valid_to=FAR_OFF)
    return Somebody(person.id, account.id, account.username, _actor(uow.session, account))


def make_second_account(somebody: Somebody) -> Somebody:
    """Another account of the same natural person."""
    number = next(_numbers)
    with unit_of_work(INSTALL) as uow:
        account = services.open_account(uow, somebody.person_id, f"user{number}", PASSWORD)
        return Somebody(somebody.person_id, account.id, account.username, _actor(uow.session, account))


def authorise_only(
    somebody: Somebody,
    kind: AuthorisationKind,
    *,
    valid_to: date = FAR_OFF,
    category_codes: Iterable[str] = (),
    method_codes: Iterable[str] = (),
) -> UUID:
    """Take away what somebody may do, and let them do just this."""
    organisation_id = somebody.actor.require_organisation()
    with unit_of_work(INSTALL) as uow:
        for row in uow.session.scalars(
            sa.select(Authorisation).where(Authorisation.person_id == somebody.person_id, Authorisation.kind == kind)
        ).all():
            if uow.session.get(AuthorisationRevocation, row.id) is None:
                revoke_authorisation(uow, row.id, "for this test")
        return authorise(
            uow,
            somebody.person_id,
            organisation_id,
            kind,
            valid_from=LONG_AGO,
            valid_to=valid_to,
            category_codes=category_codes,
            method_codes=method_codes,
        ).id


def _actor(session, account: Account) -> Actor:
    today = clock.local_date(clock.now())
    employment = employment_of_person(session, account.person_id, today)
    return actor_for(session, account, employment.employment_id, today)


def actor_of(somebody: Somebody) -> Actor:
    """The person as an actor of today, with the roles they hold now."""
    with db.new_session() as session:
        return _actor(session, session.get_one(Account, somebody.account_id))
