"""What is done with people and organisations."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select, update

from lims.actors import OrganisationKind
from lims.auth.passwords import hash_password
from lims.auth.permissions import Role
from lims.config import read_or_make_key
from lims.errors import InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.events import AccountDisabled, OrganisationRegistered, PersonEmployed
from lims.people.models import (
    Account,
    Accreditation,
    ApiToken,
    Employment,
    Organisation,
    Person,
    PersonIdentity,
    RoleGrant,
    WebSession,
)
from lims.people.queries import get_organisation, get_person, roles_of
from lims.people.types import IdentityDocument
from lims.uow import UnitOfWork

MIN_PASSWORD = 10  # characters; NIST SP 800-63B asks for 8, a shared bench PC for more

_identity_key: list[bytes] = []


def configure(key_file: Path) -> None:
    """Load the key under which identity documents are compared."""
    _identity_key[:] = [bytes.fromhex(read_or_make_key(key_file))]


def identity_digest(document: IdentityDocument) -> bytes:
    """The keyed digest of an identity document; spaces and case do not matter."""
    normalised = "".join(document.number.split()).upper()
    return hmac.new(_identity_key[0], f"{document.kind}|{normalised}".encode(), hashlib.sha256).digest()


def register_organisation(
    uow: UnitOfWork,
    *,
    name_zh: str,
    name_en: str,
    kind: OrganisationKind,
    uscc: str | None = None,
    uscc_note: str | None = None,
    region_code: str | None = None,
    address: str | None = None,
    phone: str | None = None,
    email: str | None = None,
    superior_id: UUID | None = None,
    owner_id: UUID | None = None,
) -> Organisation:
    """Register an organisation; its party is its owner's, or itself when nobody owns it.

    Raises:
        NotFoundError: no such owner or superior.
        ConflictError: the credit code belongs to another organisation.
    Emits: OrganisationRegistered.
    """
    organisation_id = uuid4()
    party_id = get_organisation(uow.session, owner_id).party_id if owner_id else organisation_id
    organisation = Organisation(
        id=organisation_id,
        name_zh=name_zh,
        name_en=name_en,
        kind=kind,
        uscc=uscc,
        uscc_note=uscc_note,
        region_code=region_code,
        address=address,
        phone=phone,
        email=email,
        superior_id=superior_id,
        owner_id=owner_id,
        party_id=party_id,
    )
    uow.session.add(organisation)
    uow.emit(OrganisationRegistered(organisation_id=organisation_id))
    return organisation


def register_person(
    uow: UnitOfWork,
    *,
    name: str,
    documents: Iterable[IdentityDocument],
    name_latin: str | None = None,
    phone: str | None = None,
    email: str | None = None,
) -> Person:
    """Register a natural person; somebody whose document is known already is found, not doubled.

    Raises:
        InvalidInputError: no document, so two rows of one person could not be told apart.
    """
    digests = {(document.kind, identity_digest(document)) for document in documents}
    if not digests:
        raise InvalidInputError(_l("A person needs at least one identity document."), field="documents")
    for kind, digest in sorted(digests):
        known = uow.session.scalar(
            select(PersonIdentity).where(PersonIdentity.document_kind == kind, PersonIdentity.digest == digest)
        )
        if known is not None:
            return get_person(uow.session, known.person_id)
    person = Person(id=uuid4(), name=name, name_latin=name_latin, phone=phone, email=email)
    uow.session.add(person)
    uow.session.flush()
    uow.session.add_all(
        PersonIdentity(person_id=person.id, document_kind=kind, digest=digest) for kind, digest in sorted(digests)
    )
    uow.session.flush()
    return person


def employ(
    uow: UnitOfWork,
    person_id: UUID,
    organisation_id: UUID,
    roles: Iterable[Role],
    *,
    valid_from: date,
    valid_to: date | None = None,
    officer_no: str | None = None,
) -> Employment:
    """Begin an employment with its roles.

    Raises:
        ConflictError: the person is employed elsewhere on those dates.
    Emits: PersonEmployed.
    """
    employment = Employment(
        id=uuid4(),
        person_id=get_person(uow.session, person_id).id,
        organisation_id=get_organisation(uow.session, organisation_id).id,
        officer_no=officer_no,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    uow.session.add(employment)
    uow.session.flush()
    for role in sorted(set(roles)):
        grant_role(uow, employment.id, role)
    uow.emit(PersonEmployed(person_id=person_id, organisation_id=organisation_id, employment_id=employment.id))
    return employment


def end_employment(uow: UnitOfWork, employment_id: UUID, on: date) -> None:
    """End an employment after `on`; the duties stay with the person."""
    employment = uow.session.get(Employment, employment_id, with_for_update=True)
    if employment is None:
        raise NotFoundError
    employment.valid_to = on


def grant_role(uow: UnitOfWork, employment_id: UUID, role: Role) -> None:
    """Give an employment a role.

    Raises:
        ConflictError: it has the role already.
    """
    uow.session.add(
        RoleGrant(employment_id=employment_id, role=role, granted_by_id=uow.actor.person_id, granted_at=uow.now)
    )
    uow.session.flush()


def revoke_role(uow: UnitOfWork, employment_id: UUID, role: Role) -> None:
    """End a role; it takes effect with the next request."""
    grant = uow.session.scalar(
        select(RoleGrant).where(
            RoleGrant.employment_id == employment_id, RoleGrant.role == role, RoleGrant.ended_at.is_(None)
        )
    )
    if grant is None:
        raise NotFoundError
    grant.ended_at = uow.now


def set_roles(uow: UnitOfWork, employment_id: UUID, wanted: set[Role]) -> None:
    """Make an employment carry exactly these roles: the missing are granted, the others ended."""
    held = {Role(role) for role in roles_of(uow.session, employment_id)}
    for role in sorted(wanted - held):
        grant_role(uow, employment_id, role)
    for role in sorted(held - wanted):
        revoke_role(uow, employment_id, role)


def open_account(uow: UnitOfWork, person_id: UUID, username: str, password: str) -> Account:
    """Give a person a way to log in.

    Raises:
        InvalidInputError: the password is too short.
        ConflictError: the user name is taken.
    """
    if len(password) < MIN_PASSWORD:
        raise InvalidInputError(
            _l(
                "The password has %(length)s characters, expected at least %(least)s.",
                length=len(password),
                least=MIN_PASSWORD,
            ),
            field="password",
        )
    account = Account(
        id=uuid4(),
        person_id=person_id,
        username=username.strip(),
        password_hash=hash_password(password),
        password_changed_at=uow.now,
    )
    uow.session.add(account)
    uow.session.flush()
    return account


def disable_account(uow: UnitOfWork, account_id: UUID) -> None:
    """End an account with all its sessions and tokens, at once.

    Emits: AccountDisabled.
    """
    account = uow.session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFoundError
    account.disabled_at = uow.now
    uow.session.execute(
        update(WebSession)
        .where(WebSession.account_id == account_id, WebSession.ended_at.is_(None))
        .values(ended_at=uow.now)
    )
    for token in uow.session.scalars(
        select(ApiToken).where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
    ):
        token.revoked_at = uow.now
    uow.emit(AccountDisabled(person_id=account.person_id, account_id=account_id))


def accredit(
    uow: UnitOfWork,
    organisation_id: UUID,
    *,
    scheme: str,
    certificate_no: str,
    scope: str,
    valid_from: date,
    valid_to: date,
    item_codes: Iterable[str] = (),
    category_codes: Iterable[str] = (),
) -> Accreditation:
    """Note an accreditation of a laboratory with its scope and dates."""
    accreditation = Accreditation(
        organisation_id=organisation_id,
        scheme=scheme,
        certificate_no=certificate_no,
        scope=scope,
        item_codes=sorted(item_codes),
        category_codes=sorted(category_codes),
        valid_from=valid_from,
        valid_to=valid_to,
    )
    uow.session.add(accreditation)
    uow.session.flush()
    return accreditation


def issue_token(
    uow: UnitOfWork, account_id: UUID, employment_id: UUID, *, label: str, token: str, expires_at: datetime
) -> ApiToken:
    """Keep the digest of a bearer token that the caller made and shows once."""
    row = ApiToken(
        token_sha256=hashlib.sha256(token.encode()).digest(),
        account_id=account_id,
        employment_id=employment_id,
        label=label,
        created_at=uow.now,
        expires_at=expires_at,
    )
    uow.session.add(row)
    uow.session.flush()
    return row
