"""Sending a table of limits to a second person, and deciding on it."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

from lims.decisions import Outcome, decide, read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.files import read_file, store_file
from lims.i18n import lazy_gettext as _l
from lims.limit_tables.application import apply_rows
from lims.limit_tables.events import LimitTableApplied, LimitTableDeclined, LimitTableSent
from lims.limit_tables.models import LimitTable, LimitTableRow
from lims.limit_tables.preview import Preview, preview_table
from lims.limit_tables.queries import list_rows
from lims.limit_tables.types import RowVerdict
from lims.uow import UnitOfWork

MAX_NAMED_ROWS = 10  # of rows that changed meanwhile, in one message
MAX_FILE_NAME = 200  # characters


def keep_table(uow: UnitOfWork, content: bytes, day: date) -> bytes:
    """Keep a file that can be looked at as a limit table; returns its SHA-256.

    Raises:
        InvalidInputError: it cannot, or is empty or too large.
    """
    preview_table(uow.session, content, day)
    return store_file(uow, content)


def send_table(
    uow: UnitOfWork,
    file_sha256: bytes,
    *,
    file_name: str,
    valid_from: date,
    source: str,
    reason: str,
    seen_sha256: bytes | None = None,
) -> LimitTable:
    """Ask a second person to put a table in force; what each row would change is kept as it stands now.

    Args:
        uow: the transaction.
        file_sha256: of a file that was kept.
        file_name: as it was handed in.
        valid_from: the first production date the limits hold for.
        source: where the table comes from; stands beside every limit of it.
        reason: why it is to be put in force.
        seen_sha256: of the preview the sender looked at; None takes the table as it is.

    Raises:
        NotFoundError: no such file.
        InvalidInputError: no reason or source, or nothing of the table would change anything.
        ConflictError: what is in force has changed since the sender looked, or the same table waits already.
    Emits: LimitTableSent.
    """
    why = read_reason(reason)
    where = source.strip()
    if not where:
        raise InvalidInputError(_l("Say where the table comes from."), field="source")
    content, _media_type = read_file(uow.session, file_sha256)
    preview = preview_table(uow.session, content, valid_from)
    if seen_sha256 is not None and seen_sha256 != preview.sha256:
        raise ConflictError(_l("The catalogue has changed since you looked at the table: look at it again."))
    if not preview.taken:
        raise InvalidInputError(_l("No row of this table would change anything."), field="file")
    table = LimitTable(
        id=uuid4(),
        file_sha256=file_sha256,
        file_name=file_name.strip()[-MAX_FILE_NAME:] or file_sha256.hex()[:12],
        valid_from=valid_from,
        source=where,
        rows_sha256=preview.sha256,
        reason=why,
        requested_by_id=uow.actor.require_person(),
        requested_at=uow.now,
    )
    uow.session.add(table)
    uow.session.flush()
    uow.session.add_all(
        LimitTableRow(table_id=table.id, row_no=row.number, verdict=row.verdict, told=row.to_json())
        for row in preview.rows
    )
    counts = preview.counts
    uow.emit(
        LimitTableSent(
            table_id=table.id,
            file_sha256=file_sha256,
            rows_sha256=preview.sha256,
            valid_from=valid_from,
            new=counts[RowVerdict.NEW],
            changed=counts[RowVerdict.CHANGED],
            reason=why,
        )
    )
    return table


def decide_table(uow: UnitOfWork, table_id: UUID, note: str | None, *, approves: bool) -> LimitTable:
    """Approve a table, which puts its new and changed rows in force, or decline it.

    Locks the request, so that of two people who decide at once the second one is told.

    Raises:
        NotFoundError: no such table.
        ConflictError: decided already, sent by the actor, or rows of it would change something else by now.
        InvalidInputError: declined without a reason.
    Emits: LimitTableApplied with an event for each change of the catalogue, or LimitTableDeclined.
    """
    table = uow.session.get(LimitTable, table_id, with_for_update=True)
    if table is None:
        raise NotFoundError
    decision = decide(uow, table, Outcome.APPROVED if approves else Outcome.DECLINED, note)
    if not approves:
        table.close(decision)
        uow.emit(LimitTableDeclined(table_id=table.id, reason=decision.note or ""))
        return table
    content, _media_type = read_file(uow.session, table.file_sha256)
    preview = preview_table(uow.session, content, table.valid_from)
    changed = changed_since(list_rows(uow.session, table.id), preview)
    if changed:
        told = ", ".join(map(str, changed[:MAX_NAMED_ROWS])) + (", …" if len(changed) > MAX_NAMED_ROWS else "")
        raise ConflictError(
            _l(
                "What is in force has changed since the table was sent, for its rows %(rows)s: "
                "decline it and have it sent again.",
                rows=told,
            ),
            facts={"rows": changed},
        )
    applied = apply_rows(uow, table, preview.taken, preview.known, table.reason)
    table.close(decision)
    uow.emit(
        LimitTableApplied(
            table_id=table.id,
            rows_sha256=table.rows_sha256,
            valid_from=table.valid_from,
            limits=applied.limits,
            check_items=applied.check_items,
            methods=applied.methods,
            reason=table.reason,
        )
    )
    return table


def changed_since(sent: Sequence[LimitTableRow], now: Preview) -> list[int]:
    """The rows that would not do today what they would have done when the table was sent."""
    as_sent = {row.row_no: row.told for row in sent}
    return [row.number for row in now.rows if as_sent.get(row.number) != row.to_json()]
