"""Finding sheets."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.errors import NotFoundError
from lims.web.paging import PAGE
from sampling.given_sheets.models import GivenSheet

SheetT = TypeVar("SheetT", bound=GivenSheet)


def find_sheet(session: Session, kind: type[SheetT], organisation_id: UUID, sha256: bytes) -> SheetT | None:
    """The sheet with these very bytes, if the organisation handed it in before."""
    return session.scalar(select(kind).where(kind.organisation_id == organisation_id, kind.file_sha256 == sha256))


def get_sheet(session: Session, kind: type[SheetT], actor: Actor, sheet_id: UUID) -> SheetT:
    """A sheet of the actor's organisation.

    Raises:
        NotFoundError: there is none.
    """
    sheet = session.get(kind, sheet_id)
    if sheet is None or sheet.organisation_id != actor.organisation_id:
        raise NotFoundError
    return sheet


def list_sheets(session: Session, kind: type[SheetT], actor: Actor, limit: int = PAGE) -> Sequence[SheetT]:
    """The sheets of the actor's organisation, the newest first."""
    return session.scalars(
        select(kind)
        .where(kind.organisation_id == actor.organisation_id)
        .order_by(kind.received_at.desc(), kind.id)
        .limit(limit)
    ).all()
