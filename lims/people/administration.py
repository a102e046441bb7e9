"""What administrators change about organisations and employments once they stand."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from lims.actors import OrganisationKind
from lims.auth.permissions import Role
from lims.catalog.identifiers import Suspicious, check_uscc
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.people.events import OrganisationChanged
from lims.people.models import Account, Employment, Organisation, RoleGrant
from lims.people.queries import get_organisation, in_force
from lims.people.services import employ, end_employment, open_account, register_organisation, register_person
from lims.people.types import IdentityDocument
from lims.uow import UnitOfWork

MAX_OWNERS = 50  # a chain of owners longer than this is a circle


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationFacts:
    """What can be corrected about an organisation; its kind stands for ever, because acts are tied to it."""

    name_zh: str
    name_en: str
    uscc: str | None
    uscc_note: str | None
    region_code: str | None
    address: str | None
    phone: str | None
    email: str | None
    superior_id: UUID | None
    owner_id: UUID | None


def checked_uscc(code: str | None, note: str | None) -> tuple[str | None, str | None]:
    """A credit code as it is stored, with the note that a code needs whose check digit does not fit.

    Raises:
        InvalidInputError: the code looks wrong and no reason to accept it is given.
    """
    if not code:
        return None, None
    checked = check_uscc(code)
    if not isinstance(checked, Suspicious):
        return checked.text, None
    if not note:
        raise InvalidInputError(
            _l("%(why)s Correct it, or say below why it is right as it stands.", why=checked.message),
            field="uscc",
        )
    return checked.text, note


def change_organisation(uow: UnitOfWork, organisation_id: UUID, facts: OrganisationFacts) -> Organisation:
    """Correct what is known of an organisation. A change of owner moves it, alone, into another party.

    Raises:
        NotFoundError: no such organisation, owner or superior.
        InvalidInputError: it would own itself or be its own superior, or the credit code looks wrong.
        ConflictError: it owns others, or people acted for it already, so its party stands.
    Emits: OrganisationChanged.
    """
    organisation = uow.session.get(Organisation, organisation_id, with_for_update=True)
    if organisation is None:
        organisation = get_organisation(uow.session, organisation_id)
    for field, above in (("owner_id", facts.owner_id), ("superior_id", facts.superior_id)):
        _check_no_circle(uow, organisation_id, field, above)
    uscc, note = checked_uscc(facts.uscc, facts.uscc_note)
    if facts.owner_id != organisation.owner_id:
        _move_to_owner(uow, organisation, facts.owner_id)
    organisation.name_zh, organisation.name_en = facts.name_zh, facts.name_en
    organisation.uscc, organisation.uscc_note = uscc, note
    organisation.region_code, organisation.address = facts.region_code, facts.address
    organisation.phone, organisation.email = facts.phone, facts.email
    organisation.superior_id = facts.superior_id
    uow.emit(OrganisationChanged(organisation_id=organisation_id))
    return organisation


def _check_no_circle(uow: UnitOfWork, organisation_id: UUID, field: str, above: UUID | None) -> None:
    for _step in range(MAX_OWNERS):
        if above is None:
            return
        if above == organisation_id:
            break
        above = getattr(get_organisation(uow.session, above), field)
    raise InvalidInputError(_l("An organisation cannot stand above itself."), field=field)


def _move_to_owner(uow: UnitOfWork, organisation: Organisation, owner_id: UUID | None) -> None:
    owned = uow.session.scalar(select(Organisation.id).where(Organisation.owner_id == organisation.id).limit(1))
    if owned is not None:
        raise ConflictError(_l("This organisation owns others; change their owner first."), field="owner_id")
    party_id = get_organisation(uow.session, owner_id).party_id if owner_id else organisation.id
    organisation.owner_id, organisation.party_id = owner_id, party_id
    uow.session.flush()


def close_organisation(uow: UnitOfWork, organisation_id: UUID, on: date) -> None:
    """Note that an organisation no longer acts after a day.

    Raises:
        NotFoundError: no such organisation.
        ConflictError: people are still employed there after that day.
    Emits: OrganisationChanged.
    """
    organisation = get_organisation(uow.session, organisation_id)
    employed = uow.session.scalar(
        select(Employment.id)
        .where(Employment.organisation_id == organisation_id, *in_force(on + timedelta(days=1)))
        .limit(1)
    )
    if employed is not None:
        raise ConflictError(_l("People are still employed here after that day; end their employment first."))
    organisation.closed_on = on
    uow.emit(OrganisationChanged(organisation_id=organisation_id))


def move_person(
    uow: UnitOfWork, person_id: UUID, organisation_id: UUID, roles: list[Role], *, on: date, officer_no: str | None
) -> Employment:
    """Let a person work elsewhere from a day on; where they worked ends the day before, and duties stay with them.

    Raises:
        InvalidInputError: they began their present employment on that day or later.
        ConflictError: they are employed elsewhere on those dates.
    Emits: PersonEmployed.
    """
    present = uow.session.scalar(select(Employment).where(Employment.person_id == person_id, *in_force(on)))
    if present is not None:
        if present.valid_from >= on:
            raise InvalidInputError(
                _l("The present employment begins on %(day)s; the next one must begin later.", day=present.valid_from),
                field="valid_from",
            )
        end_employment(uow, present.id, on - timedelta(days=1))
        uow.session.flush()
    return employ(uow, person_id, organisation_id, roles, valid_from=on, officer_no=officer_no)


def settle_administrator(
    uow: UnitOfWork, username: str, password: str, *, name: str, document: str, organisation: str
) -> Account:
    """Make the first administrator of an empty installation: the regulator that runs it, the person, the account.

    Raises:
        ConflictError: somebody administers this installation already.
        InvalidInputError: a name or the document is missing, or the password is too short.
    """
    held = select(RoleGrant.employment_id).where(RoleGrant.role == Role.ADMINISTRATOR)
    if uow.session.scalar(held.limit(1)) is not None:
        raise ConflictError(_l("Somebody administers this installation already: add others at /admin."))
    body = register_organisation(uow, name_zh=organisation, name_en=organisation, kind=OrganisationKind.REGULATOR)
    person = register_person(uow, name=name, documents=[IdentityDocument("resident_id", document)])
    employ(uow, person.id, body.id, [Role.ADMINISTRATOR], valid_from=local_date(uow.now))
    return open_account(uow, person.id, username, password)
