"""The controlled templates (受控表格) that original records are written on."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered


class RecordTemplate(Ledgered, Entity):
    """One version of a template, for one standard or for all that have none of their own.

    A newer one of the same standard takes over on its first day; what was tested before stays on the one of its day.
    """

    __tablename__ = "record_template"
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[str]  # 受控编号, as the laboratory's list of documents has it
    version: Mapped[str]
    title: Mapped[str]
    standard: Mapped[str]  # of the methods it is for; empty: every method without a template of its own
    valid_from: Mapped[date]
    issued_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    issued_at: Mapped[datetime]
    retired_from: Mapped[date | None]  # the first day on which nothing is written on it any more
    retired_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    retired_at: Mapped[datetime | None]
    retire_reason: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("lab_id", "number", "version"),
        UniqueConstraint("lab_id", "standard", "valid_from"),
        CheckConstraint("number <> '' AND version <> '' AND title <> ''", name="named"),
        CheckConstraint("retired_from > valid_from", name="retired_after_it_began"),
        CheckConstraint(
            "(retired_from IS NULL) = (retired_by_id IS NULL) AND (retired_from IS NULL) = (retired_at IS NULL)"
            " AND (retired_from IS NULL) = (retire_reason IS NULL) AND retire_reason <> ''",
            name="retirement_is_whole",
        ),
        {"info": {"privileges": "select, insert, update (retired_from, retired_by_id, retired_at, retire_reason)"}},
    )

    def ledger_chain(self) -> str:
        return f"lab:{self.lab_id}"


explain_constraint(
    "uq_record_template_lab_id_number_version", _l("There is a template of this number and version."), field="version"
)
explain_constraint(
    "uq_record_template_lab_id_standard_valid_from",
    _l("A template for the same methods begins on this day already."),
    field="valid_from",
)
