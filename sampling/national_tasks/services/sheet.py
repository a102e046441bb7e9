"""Tasks written out with their progress, in the order of the national sheet."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from lims import layouts
from lims.actors import Actor
from lims.clock import local_date
from lims.tables import to_csv, to_xlsx
from sampling.national_tasks import queries
from sampling.national_tasks.queries import TaskRow
from sampling.national_tasks.services.staging import FOOD_LEVELS, LAYOUT
from sampling.words import official

PROGRESS_LAYOUT = "national_task_progress"
SHEET = "抽检任务进度"


def write_csv(session: Session, actor: Actor, now: datetime) -> bytes:
    """All tasks of the actor's organisation as CSV; the file can be handed in as a sheet again."""
    head, *body = _table(session, actor, local_date(now))
    return to_csv(head, body)


def write_workbook(session: Session, actor: Actor, now: datetime) -> bytes:
    """The same as a workbook."""
    return to_xlsx({SHEET: _table(session, actor, local_date(now))}, now)


def _table(session: Session, actor: Actor, day: date) -> list[list[str]]:
    columns = [*layouts.columns_of(LAYOUT, day), *layouts.columns_of(PROGRESS_LAYOUT, day)]
    rows: Sequence[TaskRow] = queries.list_tasks(session, actor, limit=None)
    ordered = sorted(rows, key=lambda row: (row.task.taken_at, row.task.row, row.task.id))
    return [[one.title for one in columns], *([_fields(row).get(one.field, "") for one in columns] for row in ordered)]


def _fields(row: TaskRow) -> dict[str, str]:
    task, progress = row.task, row.progress
    return {
        "reference": task.reference,
        "task_source": task.task_source,
        "report_class_a": task.report_class_a,
        "report_class_b": task.report_class_b,
        "task_category": official(task.task_category),
        **{level: food.name_zh for level, food in zip(FOOD_LEVELS, row.food, strict=False)},
        "stage": official(task.stage),
        "region": task.region_code or "",
        "batches": str(task.batches),
        "due_on": task.due_on.isoformat() if task.due_on else "",
        **{
            name: str(getattr(progress, name))
            for name in ("assigned", "sampled", "received", "tested", "reported", "lost")
        },
    }
