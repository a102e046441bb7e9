"""Tables of the bridge: files that were taken out, which samples each holds, and what the system gave back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from sampling.models.of_sample import OfSample
from sampling.types import SampleVerdict

EVIDENCE = {"info": {"privileges": "select, insert"}}


class NationalExport(Ledgered, Entity):
    """A file of results in the national field order, as it was taken out."""

    __tablename__ = "national_export"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    file_sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    samples: Mapped[int]
    taken_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    taken_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("samples >= 1", name="holds_samples"),
        Index("ix_national_export_newest", "organisation_id", "taken_at", "id"),
        EVIDENCE,
    )

    def ledger_chain(self) -> str:
        return f"national-export:{self.id}"


class NationalExportLine(OfSample, Base):
    """A sample in a file, with the report and the verdict that it was reported by."""

    __tablename__ = "national_export_line"
    export_id: Mapped[UUID] = mapped_column(ForeignKey("national_export.id"))
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), index=True)
    report_id: Mapped[UUID] = mapped_column(ForeignKey("test_report.id"))
    verdict: Mapped[SampleVerdict]
    __table_args__ = (PrimaryKeyConstraint("export_id", "sample_id"), EVIDENCE)


class NationalReturn(OfSample, Base):
    """退回: the system gave a reported sample back, and said why."""

    __tablename__ = "national_return"
    export_id: Mapped[UUID]
    sample_id: Mapped[UUID]
    reason: Mapped[str]
    noted_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    noted_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("export_id", "sample_id"),
        ForeignKeyConstraint(
            ["export_id", "sample_id"], ["national_export_line.export_id", "national_export_line.sample_id"]
        ),
        CheckConstraint("reason <> ''", name="reason_is_given"),
        EVIDENCE,
    )


explain_constraint("pk_national_return", _l("This return is noted already."))
