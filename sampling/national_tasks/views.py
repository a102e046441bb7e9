"""Pages of the national system's tasks: how far they have come, a sheet row by row, dividing a task, moving batches."""

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.actors import OrganisationKind
from lims.auth.permissions import requires
from lims.clock import local_date
from lims.db import db
from lims.i18n import gettext as _
from lims.i18n import ngettext
from lims.people.models import Organisation
from lims.people.queries import list_organisations, person_names
from lims.uow import UnitOfWork
from lims.web.acts import carry_out, press
from lims.web.current import current_actor
from lims.web.paging import PAGE, page_of, read_cursor
from sampling.given_sheets.queries import get_sheet, list_sheets
from sampling.national_tasks import queries
from sampling.national_tasks.forms import DivisionForm, MoveForm, TaskFileForm
from sampling.national_tasks.models import NationalTaskFile
from sampling.national_tasks.services import division, intake, sheet
from sampling.national_tasks.words import STEPS, VERDICTS
from sampling.queries.parties import TAKING_PART

bp = Blueprint("national_tasks", __name__, url_prefix="/plan/national-tasks")

SAMPLERS_FIRST = (OrganisationKind.SAMPLING_ORG, OrganisationKind.REGULATOR, OrganisationKind.LAB)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.route("/", methods=["GET", "POST"])
@requires("sampling.national_tasks")
def index() -> ResponseReturnValue:
    """The tasks one's organisation holds and how far they have come, and handing in a sheet."""
    form = TaskFileForm()
    received: list[UUID] = []
    status = carry_out(form, lambda uow: received.append(intake.receive_file(uow, *form.content()).id))
    if status == HTTPStatus.SEE_OTHER:
        return redirect(url_for(".file", file_id=received[0]), status)
    actor = current_actor()
    rows = queries.list_tasks(db.session, actor, after=read_cursor(request.args.get("cursor")), limit=PAGE + 1)
    shown, following = page_of(rows, PAGE, lambda row: (row.task.taken_at, row.task.id))
    files = list_sheets(db.session, NationalTaskFile, actor)
    count, total = queries.total_progress(db.session, actor)
    return render_template(
        "sampling/national_tasks/index.html",
        form=form,
        rows=shown,
        count=count,
        total=total,
        steps=STEPS,
        today=local_date(clock.now()),
        files=files,
        people=person_names(db.session, {one.received_by_id for one in files}),
        next_url=url_for(".index", cursor=following) if following else None,
    ), status


@bp.route("/progress.<any(csv,xlsx):kind>")
@requires("sampling.national_tasks")
def export(kind: str) -> ResponseReturnValue:
    """All tasks with their progress, in the order of the national sheet."""
    now = clock.now()
    if kind == "csv":
        content, media_type = sheet.write_csv(db.session, current_actor(), now), "text/csv; charset=utf-8"
    else:
        content, media_type = sheet.write_workbook(db.session, current_actor(), now), XLSX
    answer = Response(content, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="tasks-{local_date(now):%Y%m%d}.{kind}"'
    return answer


@bp.route("/files/<uuid:file_id>")
@requires("sampling.national_tasks")
def file(file_id: UUID) -> ResponseReturnValue:
    """A sheet row by row: what would be taken, what not, and why."""
    found = get_sheet(db.session, NationalTaskFile, current_actor(), file_id)
    staged = intake.stage_file(db.session, found)
    return render_template(
        "sampling/national_tasks/file.html", file=found, staged=staged, counts=staged.counts, verdicts=VERDICTS
    )


@bp.route("/files/<uuid:file_id>/take", methods=["POST"])
@requires("sampling.national_tasks")
def take(file_id: UUID) -> ResponseReturnValue:
    """Take the rows of a sheet that were chosen."""
    numbers = [int(one) for one in request.form.getlist("row") if one.isascii() and one.isdecimal()]
    taken: list[int] = []

    def act(uow: UnitOfWork) -> None:
        taken.append(len(intake.take_rows(uow, file_id, numbers)))

    if press(act):
        flash(
            ngettext("%(num)s task taken. Divide it now.", "%(num)s tasks taken. Divide them now.", taken[0]),
            "success",
        )
        return redirect(url_for(".index"), HTTPStatus.SEE_OTHER)
    return redirect(url_for(".file", file_id=file_id), HTTPStatus.SEE_OTHER)


@bp.route("/<uuid:task_id>", methods=["GET", "POST"])
@requires("sampling.national_tasks")
def detail(task_id: UUID) -> ResponseReturnValue:
    """One task: how far it has come, its parts, what was moved, and dividing what is left."""
    actor = current_actor()
    row = queries.get_task(db.session, actor, task_id)
    form = DivisionForm.fresh(row.task.stage, _taking_part(), begin=request.method == "GET")
    status = carry_out(form, lambda uow: division.divide_task(uow, task_id, form.inputs))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Assigned. The plans are to be approved by another planner."), "success")
        return redirect(url_for(".detail", task_id=task_id), status)
    parts = queries.parts_of_task(db.session, task_id)
    moves = queries.moves_of_task(db.session, task_id)
    return render_template(
        "sampling/national_tasks/detail.html",
        row=row,
        task=row.task,
        parts=parts,
        places={one.part.id: one for one in parts},
        moves=moves,
        people=person_names(db.session, {one.moved_by_id for one in moves}),
        steps=STEPS,
        form=form,
        rest=row.progress.planned - row.progress.assigned,
        today=local_date(clock.now()),
    ), status


@bp.route("/parts/<uuid:part_id>/move", methods=["GET", "POST"])
@requires("sampling.national_tasks")
def move(part_id: UUID) -> ResponseReturnValue:
    """Take batches that have not begun from a part."""
    row = queries.get_part(db.session, current_actor(), part_id)
    form = MoveForm.fresh(
        row.task.stage,
        _taking_part(),
        batches=row.movable,
        target="other",
        place_kind=row.line.place_kind.value,
        mode=row.category.mode.value,
        sampling_organisation_id=str(row.sampling_organisation.id),
        lab_id=str(row.lab.id),
    )
    status = carry_out(
        form, lambda uow: division.move_batches(uow, part_id, form.batches.data or 0, form.reason.data or "", form.to)
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Moved. What had begun stays where it was."), "success")
        return redirect(url_for(".detail", task_id=row.task.id), status)
    return render_template("sampling/national_tasks/move.html", form=form, row=row), status


def _taking_part() -> Sequence[Organisation]:
    """Who may sample or test, who only samples first; another regulator is nobody's sampling organisation here."""
    own = current_actor().organisation_id
    found = [
        one
        for one in list_organisations(db.session, TAKING_PART)
        if one.kind is not OrganisationKind.REGULATOR or one.id == own
    ]
    return sorted(found, key=lambda one: SAMPLERS_FIRST.index(one.kind))
