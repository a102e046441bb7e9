"""Pages of number blocks: what is held and what is left, a sheet row by row before it is taken, one block."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims.auth.permissions import requires
from lims.db import db
from lims.i18n import gettext as _
from lims.i18n import ngettext
from lims.people.queries import person_names
from lims.uow import UnitOfWork
from lims.web.acts import carry_out, press
from lims.web.current import current_actor
from lims.web.paging import PAGE, page_of, read_cursor
from sampling.given_sheets.queries import get_sheet, list_sheets
from sampling.number_blocks import queries, services
from sampling.number_blocks.forms import BlockFileForm, CloseBlockForm
from sampling.number_blocks.models import NumberBlockFile
from sampling.number_blocks.types import BlockVerdict
from sampling.number_blocks.words import VERDICTS

bp = Blueprint("number_blocks", __name__, url_prefix="/plan/number-blocks")


@bp.route("/", methods=["GET", "POST"])
@requires("sampling.plan")
def index() -> ResponseReturnValue:
    """The blocks one's organisation gave, the newest first, and handing in a sheet."""
    form = BlockFileForm()
    received: list[UUID] = []
    status = carry_out(form, lambda uow: received.append(services.receive_file(uow, *form.content()).id))
    if status == HTTPStatus.SEE_OTHER:
        return redirect(url_for(".file", file_id=received[0]), status)
    after = read_cursor(request.args.get("cursor"))
    rows = queries.list_blocks(db.session, current_actor(), after=after, limit=PAGE + 1)
    shown, following = page_of(rows, PAGE, lambda row: (row.block.taken_at, row.block.id))
    files = list_sheets(db.session, NumberBlockFile, current_actor())
    return render_template(
        "sampling/number_blocks/index.html",
        form=form,
        rows=shown,
        files=files,
        people=person_names(db.session, {one.received_by_id for one in files}),
        next_url=url_for(".index", cursor=following) if following else None,
    ), status


@bp.route("/files/<uuid:file_id>")
@requires("sampling.plan")
def file(file_id: UUID) -> ResponseReturnValue:
    """A sheet row by row: what would be taken, what not, and why."""
    found = get_sheet(db.session, NumberBlockFile, current_actor(), file_id)
    staged = services.stage_file(db.session, found)
    return render_template(
        "sampling/number_blocks/file.html",
        file=found,
        staged=staged,
        counts=staged.counts,
        verdicts=VERDICTS,
        new=staged.counts[BlockVerdict.NEW],
    )


@bp.route("/files/<uuid:file_id>/take", methods=["POST"])
@requires("sampling.plan")
def take(file_id: UUID) -> ResponseReturnValue:
    """Take every new row of a sheet."""
    taken: list[int] = []

    def act(uow: UnitOfWork) -> None:
        taken.append(len(services.take_blocks(uow, file_id)))

    if press(act):
        flash(
            ngettext(
                "%(num)s block taken. Sampling numbers come from it from now on.",
                "%(num)s blocks taken. Sampling numbers come from them from now on.",
                taken[0],
            ),
            "success",
        )
        return redirect(url_for(".index"), HTTPStatus.SEE_OTHER)
    return redirect(url_for(".file", file_id=file_id), HTTPStatus.SEE_OTHER)


@bp.route("/<uuid:block_id>", methods=["GET", "POST"])
@requires("sampling.plan")
def detail(block_id: UUID) -> ResponseReturnValue:
    """One block: what became of each number that was taken, and closing it."""
    row = queries.get_block(db.session, current_actor(), block_id)
    form = CloseBlockForm()
    status = carry_out(form, lambda uow: services.close_block(uow, block_id, form.reason.data or ""))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Closed. No further number comes from this block."), "success")
        return redirect(url_for(".detail", block_id=block_id), status)
    (after,) = read_cursor(request.args.get("cursor"), (int,)) or (0,)
    numbers = queries.list_numbers(db.session, row.block, after=after, limit=PAGE + 1)
    places = dict(zip((one.number for one in numbers), range(after + 1, after + len(numbers) + 1), strict=True))
    shown, following = page_of(numbers, PAGE, lambda one: (places[one.number],))
    return render_template(
        "sampling/number_blocks/detail.html",
        row=row,
        block=row.block,
        form=form,
        numbers=shown,
        people=person_names(db.session, filter(None, [row.block.closed_by_id])),
        next_url=url_for(".detail", block_id=block_id, cursor=following) if following else None,
    ), status
