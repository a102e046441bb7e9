"""The table of raw data: files that stand behind the results of a set."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from sampling.models.of_sample import OfSample
from sampling.types import DutyRole


class RawData(OfSample, Entity):
    """A file that a tester attached to a set: chromatogram, worksheet, photo of a plate; the ledger has its digest."""

    __tablename__ = "raw_data"
    test_set_id: Mapped[UUID]
    sample_id: Mapped[UUID]
    sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    file_name: Mapped[str]
    note: Mapped[str]  # what it shows: items, plate, injections
    attached_by_id: Mapped[UUID]
    attached_role: Mapped[DutyRole]
    attached_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("test_set_id", "sha256"),
        ForeignKeyConstraint(["test_set_id", "sample_id"], ["test_set.id", "test_set.sample_id"]),
        ForeignKeyConstraint(
            ["sample_id", "attached_by_id", "attached_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_raw_data_tester",
        ),
        CheckConstraint("attached_role = 'tester'", name="testers_attach"),
        CheckConstraint("file_name <> ''", name="file_is_named"),
        Index("ix_raw_data_set", "test_set_id", "attached_at", "id"),
        {"info": {"privileges": "select, insert"}},
    )


explain_constraint(
    "uq_raw_data_test_set_id_sha256", _l("This very file is attached to this set already."), field="file"
)
