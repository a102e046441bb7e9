"""Handing in a sheet, reading it, and taking from it while nobody else does."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims import files, layouts
from lims.clock import local_date
from lims.errors import NotFoundError
from lims.layouts import Record
from lims.uow import UnitOfWork
from sampling.given_sheets.models import GivenSheet
from sampling.given_sheets.queries import SheetT

SHEETS = frozenset({"text/plain", "application/octet-stream", "application/zip", "application/vnd.ms-excel"})


def keep_sheet(uow: UnitOfWork, kind: type[SheetT], name: str, content: bytes) -> SheetT:
    """Keep a sheet as it came, after `find_sheet` did not find it.

    Raises:
        InvalidInputError: empty, too large, or no table.
    """
    digest = files.store_file(uow, content, allowed=SHEETS)
    kept = kind(
        id=uuid4(),
        organisation_id=uow.actor.require_organisation(),
        file_sha256=digest,
        file_name=name.strip() or digest.hex()[:12],
        received_by_id=uow.actor.require_person(),
        received_at=uow.now,
    )
    uow.session.add(kept)
    uow.session.flush()
    return kept


def read_sheet(session: Session, sheet: GivenSheet, layout: str) -> Sequence[Record]:
    """The rows of a sheet by the columns that were in force on the day it came.

    Raises:
        UnreadableFileError: it is no sheet of this layout.
    """
    content, _media_type = files.read_file(session, sheet.file_sha256)
    return layouts.read_records(content, layouts.columns_of(layout, local_date(sheet.received_at)))


def begin_taking(uow: UnitOfWork, kind: type[SheetT], sheet_id: UUID) -> SheetT:
    """A sheet of the actor's organisation to take from, locked until the commit.

    Of two sheets of a kind at one instant the second waits here, and sees what the first brought when it is staged.

    Raises:
        NotFoundError: there is none.
    """
    uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(kind.__tablename__))))
    sheet = uow.session.get(kind, sheet_id, with_for_update=True)
    if sheet is None or sheet.organisation_id != uow.actor.organisation_id:
        raise NotFoundError
    return sheet


def note_taken(uow: UnitOfWork, sheet: GivenSheet) -> None:
    """Something was taken from it."""
    sheet.taken_by_id, sheet.taken_at = uow.actor.require_person(), uow.now
    uow.session.flush()
