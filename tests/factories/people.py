"""Organisations, persons and actors."""

from dataclasses import dataclass
from datetime import date
from itertools import count
from uuid import UUID

from lims import clock
from lims.actors import INSTALL, Actor, OrganisationKind
from lims.auth.permissions import Role
from lims.db import db
from lims.people import services
from lims.people.models import Account
from lims.people.queries import actor_for, employment_of_person
from lims.people.types import IdentityDocument
from lims.uow import unit_of_work

_numbers = count(1)
PASSWORD = "correct horse battery"
LONG_AGO = date(2020, 1, 1)


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


def make_person(organisation_id: UUID, *roles: Role, name: str | None = None) -> Somebody:
    """A person employed for years, with an account and these roles."""
    number = next(_numbers)
    with unit_of_work(INSTALL) as uow:
        person = services.register_person(
            uow,
            name=name or f"人员{number}",
            name_latin=f"Person {number}",
            documents=[IdentityDocument("resident_id", f"11010119900101{number:04d}")],
        )
        services.employ(uow, person.id, organisation_id, roles, valid_from=LONG_AGO, officer_no=f"E{number:05d}")
        account = services.open_account(uow, person.id, f"user{number}", PASSWORD)
        return Somebody(person.id, account.id, account.username, _actor(uow.session, account))


def make_second_account(somebody: Somebody) -> Somebody:
    """Another account of the same natural person."""
    number = next(_numbers)
    with unit_of_work(INSTALL) as uow:
        account = services.open_account(uow, somebody.person_id, f"user{number}", PASSWORD)
        return Somebody(somebody.person_id, account.id, account.username, _actor(uow.session, account))


def _actor(session, account: Account) -> Actor:
    today = clock.local_date(clock.now())
    employment = employment_of_person(session, account.person_id, today)
    return actor_for(session, account, employment.employment_id, today)


def actor_of(somebody: Somebody) -> Actor:
    """The person as an actor of today, with the roles they hold now."""
    with db.new_session() as session:
        return _actor(session, session.get_one(Account, somebody.account_id))
