"""The national system's tasks as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lims.auth.permissions import requires
from lims.db import columns_of, db
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import PAGE, CursorIn, list_answer, page_of, read_cursor
from sampling.given_sheets.queries import get_sheet
from sampling.given_sheets.schemas import SheetIn
from sampling.national_tasks import queries
from sampling.national_tasks.models import NationalTaskFile
from sampling.national_tasks.schemas import (
    NationalBatchesMoveIn,
    NationalBatchesMoveOut,
    NationalDivisionIn,
    NationalRowsIn,
    NationalTaskFileOut,
    NationalTaskOut,
    NationalTaskPartsOut,
    NationalTasksOut,
)
from sampling.national_tasks.services import division, intake
from sampling.national_tasks.types import PartInput

blp = ApiBlueprint(
    "national_tasks_api", __name__, url_prefix="/api/v1", description="Tasks that the national system gave"
)


def _look(session: Session, file: NationalTaskFile) -> Mapping[str, Any]:
    staged = intake.stage_file(session, file)
    more = {"sha256": file.file_sha256.hex(), "problem": staged.problem, "rows": staged.rows}
    return columns_of(file) | more


def _dump_file(session: Session, file: NationalTaskFile) -> Mapping[str, Any]:
    dumped: Mapping[str, Any] = NationalTaskFileOut().dump(_look(session, file))
    return dumped


@blp.route("/national-task-files", methods=["POST"])
@requires("sampling.national_tasks")
@blp.arguments(SheetIn)
@blp.response(201, NationalTaskFileOut)
@blp.refuses(*WRITES)
def receive_file(body: Mapping[str, Any]) -> Any:
    """Hand in a sheet of tasks; nothing is taken yet. The same bytes a second time are refused."""
    with unit_of_work(current_actor()) as uow:
        file = intake.receive_file(uow, body["file_name"], body["content"])
        return answer(uow, _dump_file(uow.session, file))


@blp.route("/national-task-files/<uuid:file_id>", methods=["GET"])
@requires("sampling.national_tasks")
@blp.response(200, NationalTaskFileOut)
@blp.refuses(*READS)
def get_file(file_id: UUID) -> Any:
    """A sheet row by row: what would be taken now."""
    return _look(db.session, get_sheet(db.session, NationalTaskFile, current_actor(), file_id))


@blp.route("/national-task-files/<uuid:file_id>/taking", methods=["POST"])
@requires("sampling.national_tasks")
@blp.arguments(NationalRowsIn)
@blp.response(201, NationalTaskFileOut)
@blp.refuses(*WRITES)
def take_rows(body: Mapping[str, Any], file_id: UUID) -> Any:
    """Take rows of a sheet, all that are named or none of them."""
    with unit_of_work(current_actor()) as uow:
        intake.take_rows(uow, file_id, body["rows"])
        return answer(uow, _dump_file(uow.session, get_sheet(uow.session, NationalTaskFile, uow.actor, file_id)))


@blp.route("/national-tasks", methods=["GET"])
@requires("sampling.national_tasks")
@blp.arguments(CursorIn, location="query")
@blp.response(200, NationalTasksOut)
@blp.refuses(*READS)
def list_tasks(asked: Mapping[str, Any]) -> Any:
    """The tasks of one's organisation, those that came last first, each with its progress."""
    rows = queries.list_tasks(db.session, current_actor(), after=read_cursor(asked["cursor"]), limit=PAGE + 1)
    return list_answer(page_of(rows, PAGE, lambda row: (row.task.taken_at, row.task.id)))


@blp.route("/national-tasks/<uuid:task_id>", methods=["GET"])
@requires("sampling.national_tasks")
@blp.response(200, NationalTaskOut)
@blp.refuses(*READS)
def get_task(task_id: UUID) -> Any:
    """One task and how far it has come."""
    return queries.get_task(db.session, current_actor(), task_id)


@blp.route("/national-tasks/<uuid:task_id>/parts", methods=["GET"])
@requires("sampling.national_tasks")
@blp.response(200, NationalTaskPartsOut)
@blp.refuses(*READS)
def list_parts(task_id: UUID) -> Any:
    """The parts of a task."""
    queries.get_task(db.session, current_actor(), task_id)
    return {"items": queries.parts_of_task(db.session, task_id)}


@blp.route("/national-tasks/<uuid:task_id>/parts", methods=["POST"])
@requires("sampling.national_tasks")
@blp.arguments(NationalDivisionIn)
@blp.response(201, NationalTaskPartsOut)
@blp.refuses(*WRITES)
def divide_task(body: Mapping[str, Any], task_id: UUID) -> Any:
    """Give batches of a task to organisations; the answer holds all its parts."""
    with unit_of_work(current_actor()) as uow:
        division.divide_task(uow, task_id, [PartInput(**part) for part in body["parts"]])
        parts = queries.parts_of_task(uow.session, task_id)
        dumped: Mapping[str, Any] = NationalTaskPartsOut().dump({"items": parts})
        return answer(uow, dumped)


@blp.route("/national-task-parts/<uuid:part_id>/moves", methods=["POST"])
@requires("sampling.national_tasks")
@blp.arguments(NationalBatchesMoveIn)
@blp.response(201, NationalBatchesMoveOut)
@blp.refuses(*WRITES)
def move_batches(body: Mapping[str, Any], part_id: UUID) -> Any:
    """Take batches that have not begun from a part: to other organisations, or back to what is not assigned."""
    to = PartInput(batches=body["batches"], **body["to"]) if body["to"] else None
    with unit_of_work(current_actor()) as uow:
        moved = division.move_batches(uow, part_id, body["batches"], body["reason"], to)
        uow.session.flush()
        dumped: Mapping[str, Any] = NationalBatchesMoveOut().dump(moved)
        return answer(uow, dumped)
