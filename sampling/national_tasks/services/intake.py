"""Taking tasks from a sheet of the national system: kept as it came, seen row by row, taken whole or in part."""

import hashlib
from collections.abc import Collection, Sequence
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.tables import UnreadableFileError
from lims.uow import UnitOfWork
from sampling.given_sheets.queries import find_sheet
from sampling.given_sheets.services import begin_taking, keep_sheet, note_taken, read_sheet
from sampling.national_tasks import queries
from sampling.national_tasks.events import NationalTasksTaken
from sampling.national_tasks.models import NationalTask, NationalTaskFile
from sampling.national_tasks.services.staging import LAYOUT, Staging
from sampling.national_tasks.types import StagedTask, StagedTasks, TaskInput, TaskVerdict


def receive_file(uow: UnitOfWork, name: str, content: bytes) -> NationalTaskFile:
    """Keep a sheet of tasks as it came; nothing is taken from it yet.

    Raises:
        InvalidInputError: empty, too large, or no table.
        ConflictError: these very bytes were handed in before.
    """
    same = find_sheet(uow.session, NationalTaskFile, uow.actor.require_organisation(), hashlib.sha256(content).digest())
    if same is not None:
        raise ConflictError(
            _l(
                "This very sheet was handed in on %(day)s as “%(name)s”; its rows can be looked at there.",
                day=local_date(same.received_at).isoformat(),
                name=same.file_name,
            ),
            field="file",
        )
    return keep_sheet(uow, NationalTaskFile, name, content)


def stage_file(session: Session, file: NationalTaskFile) -> StagedTasks:
    """What would become of every row of a sheet, now."""
    try:
        records = read_sheet(session, file, LAYOUT)
    except UnreadableFileError as error:
        return StagedTasks((), error.message)
    return StagedTasks(Staging(session, file.organisation_id).stage(records))


def take_rows(uow: UnitOfWork, file_id: UUID, numbers: Collection[int] | None = None) -> Sequence[NationalTask]:
    """Take rows of a sheet, all that are chosen or none of them; rows that stay out can be taken later.

    Args:
        uow: the transaction.
        file_id: the sheet.
        numbers: of the rows in the file; every row that can be taken when left out.

    Raises:
        NotFoundError: no such sheet of the actor's organisation.
        InvalidInputError: a chosen row is not in the sheet.
        ConflictError: a chosen row cannot be taken (any more), or nothing is left to take.

    Emits: NationalTasksTaken.
    """
    file = begin_taking(uow, NationalTaskFile, file_id)
    chosen = _chosen(stage_file(uow.session, file).rows, numbers)
    taken = [_take(uow, file, row.number, row.task) for row in chosen if row.task is not None]
    note_taken(uow, file)
    new = sum(row.verdict is TaskVerdict.NEW for row in chosen)
    uow.emit(
        NationalTasksTaken(
            file_id=file.id, new=new, amended=len(chosen) - new, batches=sum(task.batches for task in taken)
        )
    )
    return taken


def _chosen(rows: Sequence[StagedTask], numbers: Collection[int] | None) -> list[StagedTask]:
    if numbers is None:
        chosen = [row for row in rows if row.can_be_taken]
    else:
        if unknown := sorted(set(numbers) - {row.number for row in rows}):
            raise InvalidInputError(_l("The sheet has no row %(number)s.", number=unknown[0]), field="rows")
        chosen = [row for row in rows if row.number in set(numbers)]
        if stuck := [row for row in chosen if not row.can_be_taken]:
            raise ConflictError(
                _l(
                    "Row %(number)s cannot be taken: %(why)s",
                    number=stuck[0].number,
                    why=stuck[0].why or _l("it is held already."),
                ),
                field="rows",
            )
    if not chosen:
        raise ConflictError(_l("There is no row to take."), field="rows")
    return chosen


def _take(uow: UnitOfWork, file: NationalTaskFile, row: int, given: TaskInput) -> NationalTask:
    held = queries.tasks_by_reference(uow.session, file.organisation_id, [given.reference]).get(given.reference)
    if held is not None:
        task = held[0]
        task.batches, task.due_on, task.file_id, task.row = given.batches, given.due_on, file.id, row
        return task
    task = NationalTask(
        id=uuid4(),
        regulator_id=file.organisation_id,
        reference=given.reference,
        task_source=given.task_source,
        report_class_a=given.report_class_a,
        report_class_b=given.report_class_b,
        task_category=given.task_category,
        food_category_id=given.food_category_id,
        region_code=given.region_code,
        stage=given.stage,
        batches=given.batches,
        due_on=given.due_on,
        file_id=file.id,
        row=row,
        taken_at=uow.now,
    )
    uow.session.add(task)
    return task
