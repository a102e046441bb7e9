"""Asking for an erasure, deciding on it, and (as the owner of the database) doing it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.db import Base
from lims.decisions import Outcome, decide, read_reason
from lims.erasure.models import ErasureRequest
from lims.erasure.subjects import Place, kind_of
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import changes_of, row_key_text
from lims.ledger.chain import Stamp, append
from lims.ledger.models import PersonalSalt
from lims.uow import UnitOfWork

EVENT = "lims.personal_data_erased.v1"
ACTOR = "system:erasure"


def request_erasure(uow: UnitOfWork, kind_name: str, wanted: str, reason: str) -> ErasureRequest:
    """Ask for the personal data of one subject to be erased.

    Args:
        uow: the transaction of an administrator.
        kind_name: `person`, `sample`.
        wanted: the user name or the sampling number, as typed.
        reason: the ground: a request of the person, a period that is over.

    Raises:
        NotFoundError: no such kind.
        InvalidInputError: nothing is called so, or no reason.
        ConflictError: it cannot be erased yet, waits already, or is done.
    """
    kind = kind_of(kind_name)
    why = read_reason(reason)
    subject_id = kind.find(uow.session, wanted.strip())
    if subject_id is None:
        raise InvalidInputError(_l("Nothing is called “%(wanted)s”.", wanted=wanted.strip()[:60]), field="wanted")
    obstacle = kind.obstacle(uow.session, subject_id)
    if obstacle is not None:
        raise ConflictError(obstacle, field="wanted")
    asked = ErasureRequest(
        id=uuid4(),
        subject_kind=kind.name,
        subject_id=subject_id,
        reason=why,
        requested_by_id=uow.actor.require_person(),
        requested_at=uow.now,
    )
    uow.session.add(asked)
    uow.session.flush()
    return asked


def decide_erasure(uow: UnitOfWork, request_id: UUID, note: str | None, *, approves: bool) -> ErasureRequest:
    """Approve an erasure as an auditor, so that the next run of the owner's job does it, or decline it.

    Raises:
        NotFoundError: no such request.
        ConflictError: decided already, asked for by the actor, or something stands in the way by now.
        InvalidInputError: declined without a reason.
    """
    asked = uow.session.get(ErasureRequest, request_id, with_for_update=True)
    if asked is None:
        raise NotFoundError
    decision = decide(uow, asked, Outcome.APPROVED if approves else Outcome.DECLINED, note)
    obstacle = kind_of(asked.subject_kind).obstacle(uow.session, asked.subject_id) if approves else None
    if obstacle is not None:
        raise ConflictError(obstacle)
    asked.close(decision)
    return asked


def list_erasures(
    session: Session, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> Sequence[ErasureRequest]:
    """What was asked to be erased, the newest first."""
    query = sa.select(ErasureRequest)
    if after is not None:
        query = query.where(sa.tuple_(ErasureRequest.requested_at, ErasureRequest.id) < sa.tuple_(*after))
    ordered = query.order_by(ErasureRequest.requested_at.desc(), ErasureRequest.id.desc())
    return session.scalars(ordered.limit(limit)).all()


def subjects_called(session: Session, requests: Collection[ErasureRequest]) -> dict[UUID, str]:
    """What the subjects of these requests are called, by the id of the subject."""
    of_kind: dict[str, set[UUID]] = {}
    for request in requests:
        of_kind.setdefault(request.subject_kind, set()).add(request.subject_id)
    return {
        subject_id: called
        for name, subject_ids in of_kind.items()
        for subject_id, called in kind_of(name).called(session, subject_ids).items()
    }


def erase_approved(session: Session, now: datetime) -> list[ErasureRequest]:
    """Do every approved erasure that is not done, in the owner's transaction; the caller commits.

    Each leaves an event on the chain of its subject that names the rows and columns and none of their values.

    Args:
        session: of the owner's login: the application may neither delete a salt nor say that it did.
        now: when.
    """
    waiting = session.scalars(
        sa.select(ErasureRequest)
        .where(ErasureRequest.outcome == Outcome.APPROVED, ErasureRequest.erased_at.is_(None))
        .order_by(ErasureRequest.requested_at, ErasureRequest.id)
        .with_for_update()
    ).all()
    for request in waiting:
        places = kind_of(request.subject_kind).places(session, request.subject_id)
        request.erased_at, request.erased_values = now, sum(_erase(session, place) for place in places)
        changes = changes_of(session)
        session.flush()
        fact = {
            "name": EVENT,
            "request": str(request.id),
            "erased": [
                {"table": place.table, "row": row_key_text(place.key), "columns": sorted(place.columns)}
                for place in places
            ],
        }
        append(session, Stamp(now, ACTOR, None, request.reason), [(request.ledger_chain(), fact)], changes)
    return list(waiting)


def _erase(session: Session, place: Place) -> int:
    """Replace the values of one row and delete their salts; how many values were there."""
    table = Base.metadata.tables[place.table]
    this_row = sa.and_(*(table.c[name] == value for name, value in place.key.items()))
    row = session.execute(sa.select(*(table.c[name] for name in place.columns)).where(this_row)).mappings().one()
    there = [name for name, replacement in place.columns.items() if row[name] not in {None, replacement}]
    if there:
        session.execute(sa.update(table).where(this_row).values({name: place.columns[name] for name in there}))
    session.execute(
        sa.delete(PersonalSalt).where(
            PersonalSalt.table_name == place.table,
            PersonalSalt.row_key == row_key_text(place.key),
            PersonalSalt.column_name.in_(list(place.columns)),
        )
    )
    return len(there)
