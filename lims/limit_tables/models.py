"""Tables of limit tables: what was sent to a second person, and what each of its rows would change."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.decisions import DECISION_COLUMNS, Outcome, TwoPersonRequest, two_person_checks
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from lims.limit_tables.types import RowVerdict


class LimitTable(TwoPersonRequest, Ledgered, Entity):
    """A file of limits that somebody asks to be put in force from a day on."""

    __tablename__ = "limit_table"
    needs_another = _l("A table of limits is decided by somebody else than who sent it.")
    file_sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    file_name: Mapped[str]
    valid_from: Mapped[date]  # production dates
    source: Mapped[str]
    rows_sha256: Mapped[bytes]  # of the rows below, in their order
    outcome: Mapped[Outcome | None]
    __table_args__ = (
        *two_person_checks(),
        CheckConstraint("file_name <> '' AND source <> ''", name="named"),
        CheckConstraint("octet_length(rows_sha256) = 32", name="rows_digest_is_whole"),
        Index("uq_limit_table_open", "file_sha256", "valid_from", unique=True, postgresql_where="outcome IS NULL"),
        Index("ix_limit_table_newest", "requested_at", "id"),
        {"info": {"privileges": f"select, insert, update ({DECISION_COLUMNS})"}},
    )

    def ledger_chain(self) -> str:
        return "config"


class LimitTableRow(Base):
    """A row of a table as the sender saw it; `told` is the whole preview of it, whose digest the ledger holds."""

    __tablename__ = "limit_table_row"
    table_id: Mapped[UUID] = mapped_column(ForeignKey("limit_table.id"), primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    verdict: Mapped[RowVerdict]
    told: Mapped[dict[str, Any]]
    __table_args__ = (
        CheckConstraint("row_no > 0", name="row_of_the_file"),
        CheckConstraint("told ->> 'verdict' = verdict", name="verdict_is_told"),
        Index("ix_limit_table_row_verdict", "table_id", "verdict", "row_no"),
        {"info": {"privileges": "select, insert"}},
    )


explain_constraint("uq_limit_table_open", _l("This file was sent for that day already and waits for its decision."))
explain_constraint("ck_limit_table_two_people", LimitTable.needs_another)
