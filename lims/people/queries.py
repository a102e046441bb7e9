"""Reading people and organisations."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from lims.actors import Actor, OrganisationKind
from lims.auth.permissions import permissions_of
from lims.errors import NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.models import Account, Accreditation, Employment, Organisation, Person, RoleGrant
from lims.people.types import AccountRow, Colleague, EmploymentFacts
from lims.reading import read_once


@read_once
def get_organisation(session: Session, organisation_id: UUID) -> Organisation:
    """One organisation.

    Raises:
        NotFoundError: no such organisation.
    """
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFoundError(_l("There is no organisation %(id)s.", id=str(organisation_id)))
    return organisation


def list_organisations(session: Session, kinds: Iterable[OrganisationKind] | None = None) -> Sequence[Organisation]:
    """Organisations that are open, of these kinds or of all, by name."""
    query = select(Organisation).where(Organisation.closed_on.is_(None)).order_by(Organisation.name_zh, Organisation.id)
    if kinds is not None:
        query = query.where(Organisation.kind.in_(list(kinds)))
    return session.scalars(query).all()


# The roles an employment carries now, read along with it: who acts is looked up before everything else.
ROLES_NOW = func.array(
    select(RoleGrant.role)
    .where(RoleGrant.employment_id == Employment.id, RoleGrant.ended_at.is_(None))
    .correlate(Employment)
    .scalar_subquery()
)


@read_once
def get_person(session: Session, person_id: UUID) -> Person:
    """One person.

    Raises:
        NotFoundError: no such person.
    """
    person = session.get(Person, person_id)
    if person is None:
        raise NotFoundError(_l("There is no person %(id)s.", id=str(person_id)))
    return person


def person_names(session: Session, person_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names by id, for lists."""
    wanted = set(person_ids)
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row.id: row.name for row in rows}


def employment_facts(session: Session, employment_id: UUID, on: date) -> EmploymentFacts:
    """An employment in force on a day.

    Raises:
        NotFoundError: there is none, or it does not cover that day.
    """
    for facts in _facts(session, Employment.id == employment_id, on):
        return facts
    raise NotFoundError(_l("This employment does not cover %(day)s.", day=on.isoformat()))


def employment_of_person(session: Session, person_id: UUID, on: date) -> EmploymentFacts:
    """Where a person is employed on a day; there is at most one such place.

    Raises:
        NotFoundError: nowhere.
    """
    return employments_of_persons(session, [person_id], on)[person_id]


def employments_of_persons(session: Session, person_ids: Collection[UUID], on: date) -> Mapping[UUID, EmploymentFacts]:
    """Where several persons are employed on a day, by person.

    Raises:
        NotFoundError: one of them nowhere.
    """
    found = _employed(session, frozenset(person_ids), on)
    if not found.keys() >= set(person_ids):
        raise NotFoundError(_l("This person is employed nowhere on %(day)s.", day=on.isoformat()))
    return found


@read_once
def _employed(session: Session, person_ids: frozenset[UUID], on: date) -> Mapping[UUID, EmploymentFacts]:
    return {facts.person_id: facts for facts in _facts(session, Employment.person_id.in_(person_ids), on)}


def _facts(session: Session, which: ColumnElement[bool], on: date) -> Iterator[EmploymentFacts]:
    rows = session.execute(
        select(
            Employment.id.label("employment_id"),
            Employment.person_id,
            Person.name.label("person_name"),
            Organisation.id.label("organisation_id"),
            Organisation.kind.label("organisation_kind"),
            Organisation.name_zh.label("organisation_name_zh"),
            Organisation.name_en.label("organisation_name_en"),
            Organisation.party_id,
            Employment.valid_from,
            Employment.valid_to,
            ROLES_NOW.label("roles"),
        )
        .join(Person, Person.id == Employment.person_id)
        .join(Organisation, Organisation.id == Employment.organisation_id)
        .where(which, *in_force(on))
    )
    return (EmploymentFacts(**{**row, "roles": frozenset(row["roles"])}) for row in rows.mappings())


def in_force(on: date) -> tuple[ColumnElement[bool], ...]:
    """Conditions for employments that cover a day."""
    return (Employment.valid_from <= on, or_(Employment.valid_to.is_(None), Employment.valid_to >= on))


def colleagues(session: Session, organisation_id: UUID, on: date, role: str | None = None) -> list[Colleague]:
    """Who works in an organisation on a day, with their roles, by name."""
    rows = session.execute(
        select(
            Person.id,
            Employment.id,
            Person.name,
            Employment.officer_no,
            func.coalesce(
                func.array_agg(RoleGrant.role).filter(RoleGrant.role.is_not(None), RoleGrant.ended_at.is_(None)), []
            ),
        )
        .join(Employment, Employment.person_id == Person.id)
        .outerjoin(RoleGrant, RoleGrant.employment_id == Employment.id)
        .where(Employment.organisation_id == organisation_id, *in_force(on))
        .group_by(Person.id, Employment.id, Person.name, Employment.officer_no)
        .order_by(Person.name, Person.id)
    )
    found = [Colleague(pid, eid, name, frozenset(roles), officer_no) for pid, eid, name, officer_no, roles in rows]
    return [one for one in found if role is None or role in one.roles]


def roles_of(session: Session, employment_id: UUID) -> frozenset[str]:
    """The roles an employment carries now."""
    return frozenset(
        session.scalars(
            select(RoleGrant.role).where(RoleGrant.employment_id == employment_id, RoleGrant.ended_at.is_(None))
        )
    )


def actor_for(session: Session, account: Account, employment_id: UUID, on: date) -> Actor:
    """The actor that an account is while it acts in one employment.

    Raises:
        NotFoundError: the employment is not of this person, or does not cover the day.
    """
    return actor_in(account, employment_facts(session, employment_id, on))


def actor_in(account: Account, facts: EmploymentFacts) -> Actor:
    """As `actor_for`, in an employment whose facts were read already.

    Raises:
        NotFoundError: the employment is not of this person.
    """
    if facts.person_id != account.person_id:
        raise NotFoundError
    return Actor(
        name=facts.person_name,
        person_id=facts.person_id,
        account_id=account.id,
        employment_id=facts.employment_id,
        organisation_id=facts.organisation_id,
        organisation_kind=facts.organisation_kind,
        party_id=facts.party_id,
        roles=facts.roles,
        permissions=permissions_of(facts.roles),
    )


@read_once
def accreditations_on(session: Session, organisation_id: UUID, on: date) -> Sequence[Accreditation]:
    """The accreditations of a laboratory in force on a day."""
    return session.scalars(
        select(Accreditation)
        .where(
            Accreditation.organisation_id == organisation_id,
            Accreditation.valid_from <= on,
            Accreditation.valid_to >= on,
        )
        .order_by(Accreditation.scheme, Accreditation.certificate_no)
    ).all()


def list_accounts(session: Session, on: date) -> list[AccountRow]:
    """Every account of a person employed on a day, by organisation and name."""
    held = (
        select(RoleGrant.employment_id, func.array_agg(RoleGrant.role).label("roles"))
        .where(RoleGrant.ended_at.is_(None))
        .group_by(RoleGrant.employment_id)
        .subquery()
    )
    rows = session.execute(
        select(Account.id, Person.name, Account.username, Organisation, held.c.roles, Account.disabled_at)
        .join(Person, Person.id == Account.person_id)
        .join(Employment, Employment.person_id == Person.id)
        .join(Organisation, Organisation.id == Employment.organisation_id)
        .outerjoin(held, held.c.employment_id == Employment.id)
        .where(*in_force(on))
        .order_by(Organisation.name_zh, Person.name, Account.username)
    )
    return [
        AccountRow(account_id, name, username, organisation, frozenset(roles or ()), disabled_at)
        for account_id, name, username, organisation, roles, disabled_at in rows
    ]
