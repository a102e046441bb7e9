"""People and organisations as administrators look through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from lims.errors import NotFoundError
from lims.people.models import (
    Account,
    Accreditation,
    ApiToken,
    Authorisation,
    AuthorisationRevocation,
    Employment,
    Organisation,
    Person,
    PersonIdentity,
    RoleGrant,
    WebSession,
)
from lims.people.queries import in_force
from lims.people.types import AuthorisationState

PAGE = 50


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person in the administrator's list; `organisation` is absent for somebody employed nowhere."""

    person_id: UUID
    name: str
    name_latin: str | None
    organisation: Organisation | None
    roles: frozenset[str]
    usernames: tuple[str, ...]
    has_open_account: bool


@dataclass(frozen=True, slots=True)
class EmploymentRow:
    """One employment with the roles it carries now."""

    employment: Employment
    organisation: Organisation
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class AuthorisationRow:
    """One authorisation as lists show it, with what became of it."""

    authorisation: Authorisation
    organisation: Organisation
    person_name: str
    revocation: AuthorisationRevocation | None
    extended_by_id: UUID | None

    def state(self, on: date) -> AuthorisationState:
        """Where it stands on a day."""
        if self.revocation is not None:
            return AuthorisationState.REVOKED
        if self.extended_by_id is not None:
            return AuthorisationState.EXTENDED
        if on < self.authorisation.valid_from:
            return AuthorisationState.TO_COME
        return AuthorisationState.IN_FORCE if on <= self.authorisation.valid_to else AuthorisationState.ENDED


def list_people(
    session: Session, on: date, *, words: str = "", after: tuple[str, UUID] | None = None, limit: int = PAGE
) -> list[PersonRow]:
    """Persons by name, with where they work on a day; `words` is part of a name or user name."""
    query = (
        select(Person, Employment.id, Organisation)
        .outerjoin(Employment, (Employment.person_id == Person.id) & in_force(on)[0] & in_force(on)[1])
        .outerjoin(Organisation, Organisation.id == Employment.organisation_id)
        .order_by(Person.name, Person.id)
        .limit(limit)
    )
    if words:
        named = select(Account.person_id).where(Account.username.icontains(words, autoescape=True))
        query = query.where(
            or_(
                Person.name.icontains(words, autoescape=True),
                Person.name_latin.icontains(words, autoescape=True),
                Person.id.in_(named),
            )
        )
    if after is not None:
        query = query.where(tuple_(Person.name, Person.id) > tuple_(*after))
    found = session.execute(query).all()
    roles = _roles(session, [employment_id for _person, employment_id, _org in found if employment_id])
    accounts: dict[UUID, list[Account]] = {}
    for account in session.scalars(
        select(Account).where(Account.person_id.in_([row[0].id for row in found])).order_by(Account.username)
    ):
        accounts.setdefault(account.person_id, []).append(account)
    return [
        PersonRow(
            person.id,
            person.name,
            person.name_latin,
            organisation,
            roles.get(employment_id, frozenset()),
            tuple(account.username for account in accounts.get(person.id, ())),
            any(account.disabled_at is None for account in accounts.get(person.id, ())),
        )
        for person, employment_id, organisation in found
    ]


def _roles(session: Session, employment_ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    rows = session.execute(
        select(RoleGrant.employment_id, func.array_agg(RoleGrant.role))
        .where(RoleGrant.employment_id.in_(employment_ids), RoleGrant.ended_at.is_(None))
        .group_by(RoleGrant.employment_id)
    )
    return {employment_id: frozenset(held) for employment_id, held in rows}


def employments_of(session: Session, person_id: UUID) -> list[EmploymentRow]:
    """Where a person works and worked, the newest first."""
    rows = session.execute(
        select(Employment, Organisation)
        .join(Organisation, Organisation.id == Employment.organisation_id)
        .where(Employment.person_id == person_id)
        .order_by(Employment.valid_from.desc(), Employment.id)
    ).all()
    roles = _roles(session, [employment.id for employment, _organisation in rows])
    return [EmploymentRow(one, organisation, roles.get(one.id, frozenset())) for one, organisation in rows]


def accounts_of(session: Session, person_id: UUID) -> Sequence[Account]:
    """The accounts of a person."""
    return session.scalars(select(Account).where(Account.person_id == person_id).order_by(Account.username)).all()


def document_kinds(session: Session, person_id: UUID) -> Sequence[str]:
    """Which kinds of identity documents are known of a person; the numbers are not."""
    return session.scalars(
        select(PersonIdentity.document_kind)
        .where(PersonIdentity.person_id == person_id)
        .order_by(PersonIdentity.document_kind, PersonIdentity.id)
    ).all()


def authorisations_of(session: Session, person_id: UUID) -> list[AuthorisationRow]:
    """What a person is and was authorised for, what ends last first."""
    return _authorisations(session, Authorisation.person_id == person_id)


def get_authorisation(session: Session, authorisation_id: UUID) -> AuthorisationRow:
    """One authorisation with what became of it.

    Raises:
        NotFoundError: no such authorisation.
    """
    for row in _authorisations(session, Authorisation.id == authorisation_id):
        return row
    raise NotFoundError


def _authorisations(session: Session, which: ColumnElement[bool]) -> list[AuthorisationRow]:
    later = aliased(Authorisation)
    rows = session.execute(
        select(Authorisation, Organisation, Person.name, AuthorisationRevocation, later.id)
        .join(Organisation, Organisation.id == Authorisation.organisation_id)
        .join(Person, Person.id == Authorisation.person_id)
        .outerjoin(AuthorisationRevocation, AuthorisationRevocation.authorisation_id == Authorisation.id)
        .outerjoin(later, later.extends_id == Authorisation.id)
        .where(which)
        .order_by(Authorisation.valid_to.desc(), Authorisation.kind, Authorisation.id)
    )
    return [AuthorisationRow(*row) for row in rows]


def accreditations_of(session: Session, organisation_id: UUID) -> Sequence[Accreditation]:
    """Every accreditation an organisation has or had, what ends last first."""
    return session.scalars(
        select(Accreditation)
        .where(Accreditation.organisation_id == organisation_id)
        .order_by(Accreditation.valid_to.desc(), Accreditation.scheme, Accreditation.id)
    ).all()


def tokens_of(session: Session, account_id: UUID) -> Sequence[ApiToken]:
    """The API tokens of an account that were not revoked, the newest first."""
    return session.scalars(
        select(ApiToken)
        .where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.created_at.desc(), ApiToken.id)
    ).all()


def sessions_of(session: Session, account_id: UUID) -> Sequence[WebSession]:
    """The browsers in which an account is logged in, the last used first."""
    return session.scalars(
        select(WebSession)
        .where(WebSession.account_id == account_id, WebSession.ended_at.is_(None))
        .order_by(WebSession.seen_at.desc(), WebSession.token_sha256)
    ).all()
