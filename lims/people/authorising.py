"""Recording, extending and revoking what people are authorised for; nothing that was recorded is changed."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims import files
from lims.actors import Actor
from lims.catalog.queries import list_majors
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.events import AuthorisationGranted, AuthorisationRevoked
from lims.people.models import Authorisation, AuthorisationRevocation
from lims.people.queries import employment_of_person
from lims.people.types import AuthorisationKind
from lims.uow import UnitOfWork


def authorise(
    uow: UnitOfWork,
    person_id: UUID,
    organisation_id: UUID,
    kind: AuthorisationKind,
    *,
    valid_from: date,
    valid_to: date,
    category_codes: Iterable[str] = (),
    method_codes: Iterable[str] = (),
    certificate: bytes | None = None,
) -> Authorisation:
    """Note what a person is trained and authorised for, and until when.

    Args:
        uow: the transaction of who records it.
        person_id: of the person.
        organisation_id: who authorises; it holds for acts on behalf of this organisation only.
        kind: what for.
        valid_from: the first day.
        valid_to: the last day.
        category_codes: the major categories it is limited to; none for all foods.
        method_codes: the methods a tester is limited to; none for all.
        certificate: a PDF or a picture.

    Raises:
        InvalidInputError: the last day is before the first, methods for somebody who does not test, or a certificate
            that is no PDF or picture.

    Emits: AuthorisationGranted.
    """
    methods = sorted(set(method_codes))
    if methods and kind is not AuthorisationKind.TEST:
        raise InvalidInputError(_l("Only testing can be limited to methods."), field="method_codes")
    return _grant(
        uow,
        Authorisation(
            person_id=person_id,
            organisation_id=organisation_id,
            kind=kind,
            category_codes=sorted(set(category_codes)),
            method_codes=methods,
            valid_from=valid_from,
            valid_to=valid_to,
            certificate_sha256=_keep(uow, certificate),
        ),
    )


def authorise_where_employed(
    uow: UnitOfWork,
    person_id: UUID,
    kind: AuthorisationKind,
    *,
    valid_from: date,
    valid_to: date,
    category_codes: Iterable[str] = (),
    method_codes: Iterable[str] = (),
    certificate: bytes | None = None,
) -> Authorisation:
    """Authorise a person in the organisation that employs them on the first day.

    Raises:
        NotFoundError: they are employed nowhere on that day.
        InvalidInputError: a code that is no major category of today, and as `authorise`.

    Emits: AuthorisationGranted.
    """
    employment = employment_of_person(uow.session, person_id, valid_from)
    codes = sorted(set(category_codes))
    known = {major.code for major in list_majors(uow.session)}
    for code in codes:
        if code not in known:
            raise InvalidInputError(
                _l("“%(code)s” is no major category; expected a code such as 34.", code=code), field="category_codes"
            )
    return authorise(
        uow,
        person_id,
        employment.organisation_id,
        kind,
        valid_from=valid_from,
        valid_to=valid_to,
        category_codes=codes,
        method_codes=method_codes,
        certificate=certificate,
    )


def extend_authorisation(
    uow: UnitOfWork, authorisation_id: UUID, valid_to: date, reason: str, *, certificate: bytes | None = None
) -> Authorisation:
    """Let an authorisation last longer: a new row of the same scope stands in its place.

    Raises:
        NotFoundError: no such authorisation.
        InvalidInputError: no reason, not longer than before, or a certificate that is no PDF or picture.
        ConflictError: it was revoked, or extended already.

    Emits: AuthorisationGranted.
    """
    standing = _standing(uow, authorisation_id)
    if valid_to <= standing.valid_to:
        raise InvalidInputError(
            _l(
                "It lasts until %(before)s already; expected a later day than %(given)s.",
                before=standing.valid_to.isoformat(),
                given=valid_to.isoformat(),
            ),
            field="valid_to",
        )
    return _grant(
        uow,
        Authorisation(
            person_id=standing.person_id,
            organisation_id=standing.organisation_id,
            kind=standing.kind,
            category_codes=list(standing.category_codes),
            method_codes=list(standing.method_codes),
            valid_from=standing.valid_from,
            valid_to=valid_to,
            certificate_sha256=_keep(uow, certificate) or standing.certificate_sha256,
            extends_id=standing.id,
            reason=read_reason(reason),
        ),
    )


def revoke_authorisation(uow: UnitOfWork, authorisation_id: UUID, reason: str) -> AuthorisationRevocation:
    """Take an authorisation away at once.

    Raises:
        NotFoundError: no such authorisation.
        InvalidInputError: no reason.
        ConflictError: it was revoked before, or an extension stands in its place.

    Emits: AuthorisationRevoked.
    """
    standing = _standing(uow, authorisation_id)
    revocation = AuthorisationRevocation(
        authorisation_id=standing.id, reason=read_reason(reason), revoked_by_id=uow.actor.person_id, revoked_at=uow.now
    )
    uow.session.add(revocation)
    uow.session.flush()
    uow.emit(AuthorisationRevoked(person_id=standing.person_id, authorisation_id=standing.id, kind=standing.kind.value))
    return revocation


def read_certificate(session: Session, actor: Actor, authorisation_id: UUID) -> tuple[bytes, str]:
    """The certificate with its media type, for the person, administrators and auditors.

    Raises:
        NotFoundError: no such authorisation or certificate, or it is none of this actor's business.
    """
    row = session.get(Authorisation, authorisation_id)
    if row is None or row.certificate_sha256 is None:
        raise NotFoundError
    if row.person_id != actor.person_id and not actor.may("lims.operate"):
        raise NotFoundError
    return files.read_file(session, row.certificate_sha256)


def _grant(uow: UnitOfWork, row: Authorisation) -> Authorisation:
    if row.valid_to < row.valid_from:
        raise InvalidInputError(
            _l("%(end)s is before %(begin)s.", end=row.valid_to.isoformat(), begin=row.valid_from.isoformat()),
            field="valid_to",
        )
    row.id, row.granted_by_id, row.granted_at = uuid4(), uow.actor.person_id, uow.now
    uow.session.add(row)
    uow.session.flush()
    uow.emit(
        AuthorisationGranted(
            person_id=row.person_id, authorisation_id=row.id, kind=row.kind.value, valid_to=row.valid_to
        )
    )
    return row


def _standing(uow: UnitOfWork, authorisation_id: UUID) -> Authorisation:
    row = uow.session.get(Authorisation, authorisation_id)
    if row is None:
        raise NotFoundError
    if uow.session.get(AuthorisationRevocation, authorisation_id) is not None:
        raise ConflictError(_l("This authorisation was revoked already."))
    if uow.session.scalar(select(Authorisation.id).where(Authorisation.extends_id == authorisation_id)) is not None:
        raise ConflictError(_l("This authorisation was extended already; look at the newest."))
    return row


def _keep(uow: UnitOfWork, certificate: bytes | None) -> bytes | None:
    return files.store_file(uow, certificate, allowed=files.PAPERS) if certificate else None
