"""Tables of the national system's tasks: the sheets they came with, the tasks, their parts, and what was moved."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from sampling.given_sheets.models import GivenSheet
from sampling.types import Stage, TaskCategory


class NationalTaskFile(GivenSheet):
    """A sheet of tasks; they are taken at once, or some now and some later."""

    __tablename__ = "national_task_file"


class NationalTask(Ledgered, Entity):
    """So many batches of a food that the national system asks a regulator for; `file_id` and `row` as last amended."""

    __tablename__ = "national_task"
    regulator_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    reference: Mapped[str]
    task_source: Mapped[str]
    report_class_a: Mapped[str]
    report_class_b: Mapped[str]
    task_category: Mapped[TaskCategory]
    food_category_id: Mapped[UUID] = mapped_column(ForeignKey("food_category.id"))
    region_code: Mapped[str | None]  # NULL: wherever the regulator is in charge
    stage: Mapped[Stage]
    batches: Mapped[int]
    due_on: Mapped[date | None]
    file_id: Mapped[UUID] = mapped_column(ForeignKey("national_task_file.id"))
    row: Mapped[int]
    taken_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("regulator_id", "reference"),
        CheckConstraint("batches > 0", name="batches_positive"),
        CheckConstraint("reference <> '' AND task_source <> ''", name="has_number_and_source"),
        {"info": {"privileges": "select, insert, update (batches, due_on, file_id, row)"}},
    )

    def ledger_chain(self) -> str:
        return f"national-task:{self.id}"


class NationalTaskPart(Ledgered, Entity):
    """Batches of a task that stand in one line of one plan, whose category says who samples and who tests them.

    A line belongs to one part, so a sample counts for one task; a part from which everything was moved keeps its row.
    """

    __tablename__ = "national_task_part"
    task_id: Mapped[UUID] = mapped_column(ForeignKey("national_task.id"), index=True)
    plan_line_id: Mapped[UUID] = mapped_column(ForeignKey("plan_line.id"), unique=True)
    batches: Mapped[int]
    assigned_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    assigned_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("batches >= 0", name="batches_not_negative"),
        {"info": {"privileges": "select, insert, update (batches)"}},
    )

    def ledger_chain(self) -> str:
        return f"national-task:{self.task_id}"


class NationalTaskMove(Ledgered, Entity):
    """Batches that were taken from a part, with the reason; `to_part_id` is empty where they went back to the rest."""

    __tablename__ = "national_task_move"
    from_part_id: Mapped[UUID] = mapped_column(ForeignKey("national_task_part.id"), index=True)
    to_part_id: Mapped[UUID | None] = mapped_column(ForeignKey("national_task_part.id"))
    batches: Mapped[int]
    reason: Mapped[str]
    moved_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    moved_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("batches > 0", name="batches_positive"),
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint("from_part_id <> to_part_id", name="goes_elsewhere"),
        Index("ix_national_task_move_moved_at", "moved_at", "id"),
        {"info": {"privileges": "select, insert"}},
    )

    def ledger_chain(self) -> str:
        return f"national-task-part:{self.from_part_id}"


explain_constraint("uq_national_task_regulator_id_reference", _l("A task with this number is held already."))
