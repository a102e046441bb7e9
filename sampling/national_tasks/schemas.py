"""What the API of the national system's tasks takes and gives."""

import marshmallow as ma

from lims.decisions import MAX_NOTE
from lims.tables import MAX_ROWS
from lims.web.paging import PageOut
from lims.web.schemas import Count, StrictSchema, Text
from sampling.given_sheets.schemas import SheetOut
from sampling.national_tasks.rules import MOST_BATCHES, MOST_PARTS
from sampling.national_tasks.types import TaskVerdict
from sampling.schemas.fields import maybe
from sampling.types import PlaceKind, SeparationMode, Stage, TaskCategory


class StagedNationalTaskOut(ma.Schema):
    """One row of a sheet and what would become of it; `why` where it differs or would not be taken."""

    row = ma.fields.Integer(required=True, attribute="number")
    written = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)
    verdict = ma.fields.Enum(TaskVerdict, by_value=True, required=True)
    can_be_taken = ma.fields.Boolean(required=True)
    why = ma.fields.String(required=True, allow_none=True)


class NationalTaskFileOut(SheetOut):
    """A sheet of tasks row by row."""

    rows = ma.fields.List(ma.fields.Nested(StagedNationalTaskOut), required=True)


class NationalRowsIn(StrictSchema):
    """Which rows to take; every one that can be taken when left out."""

    rows = maybe(ma.fields.List, Count(minimum=1), validate=ma.validate.Length(1, MAX_ROWS))


class NationalProgressOut(ma.Schema):
    """How far batches have come; each figure from `assigned` to `reported` holds the ones after it."""

    planned = ma.fields.Integer(required=True)
    assigned = ma.fields.Integer(required=True)
    sampled = ma.fields.Integer(required=True)
    received = ma.fields.Integer(required=True)
    tested = ma.fields.Integer(required=True)
    reported = ma.fields.Integer(required=True)
    lost = ma.fields.Integer(required=True)


class NationalTaskOut(ma.Schema):
    """A task and how far it has come."""

    id = ma.fields.UUID(required=True, attribute="task.id")
    reference = ma.fields.String(required=True, attribute="task.reference")
    task_source = ma.fields.String(required=True, attribute="task.task_source")
    report_class_a = ma.fields.String(required=True, attribute="task.report_class_a")
    report_class_b = ma.fields.String(required=True, attribute="task.report_class_b")
    task_category = ma.fields.Enum(TaskCategory, by_value=True, required=True, attribute="task.task_category")
    food_category_code = ma.fields.Function(lambda row: row.food[-1].code, required=True)
    region_code = ma.fields.String(required=True, allow_none=True, attribute="task.region_code")
    stage = ma.fields.Enum(Stage, by_value=True, required=True, attribute="task.stage")
    due_on = ma.fields.Date(required=True, allow_none=True, attribute="task.due_on")
    progress = ma.fields.Nested(NationalProgressOut, required=True)


class NationalTasksOut(PageOut):
    """The tasks of one's organisation, those that came last first."""

    items = ma.fields.List(ma.fields.Nested(NationalTaskOut), required=True)


class NationalTaskPartOut(ma.Schema):
    """A part: where it stands, who does it, how far it has come, and how many batches of it have not begun."""

    id = ma.fields.UUID(required=True, attribute="part.id")
    plan_id = ma.fields.UUID(required=True, attribute="plan.id")
    plan_line_id = ma.fields.UUID(required=True, attribute="line.id")
    place_kind = ma.fields.Enum(PlaceKind, by_value=True, required=True, attribute="line.place_kind")
    mode = ma.fields.Enum(SeparationMode, by_value=True, required=True, attribute="category.mode")
    sampling_organisation_id = ma.fields.UUID(required=True, attribute="sampling_organisation.id")
    lab_id = ma.fields.UUID(required=True, attribute="lab.id")
    batches = ma.fields.Integer(required=True, attribute="part.batches")
    movable = ma.fields.Integer(required=True)
    progress = ma.fields.Nested(NationalProgressOut, required=True)


class NationalTaskPartsOut(ma.Schema):
    """The parts of a task in the order in which they were made."""

    items = ma.fields.List(ma.fields.Nested(NationalTaskPartOut), required=True)


class NationalTargetIn(StrictSchema):
    """Who does batches, and at what kind of place."""

    place_kind = ma.fields.Enum(PlaceKind, by_value=True, required=True)
    mode = ma.fields.Enum(SeparationMode, by_value=True, required=True)
    sampling_organisation_id = ma.fields.UUID(required=True)
    lab_id = ma.fields.UUID(required=True)


class NationalPartIn(NationalTargetIn):
    """So many batches for these organisations."""

    batches = Count(required=True, minimum=1, maximum=MOST_BATCHES)


class NationalDivisionIn(StrictSchema):
    """The parts that are added to a task."""

    parts = ma.fields.List(ma.fields.Nested(NationalPartIn), required=True, validate=ma.validate.Length(1, MOST_PARTS))


class NationalBatchesMoveIn(StrictSchema):
    """Batches that move and why; without `to` they go back to what is not assigned."""

    batches = Count(required=True, minimum=1, maximum=MOST_BATCHES)
    reason = Text(required=True, min_length=1, max_length=MAX_NOTE)
    to = maybe(ma.fields.Nested, NationalTargetIn)


class NationalBatchesMoveOut(ma.Schema):
    """Batches that were moved."""

    id = ma.fields.UUID(required=True)
    from_part_id = ma.fields.UUID(required=True)
    to_part_id = ma.fields.UUID(required=True, allow_none=True)
    batches = ma.fields.Integer(required=True)
    reason = ma.fields.String(required=True)
    moved_at = ma.fields.AwareDateTime(required=True)
