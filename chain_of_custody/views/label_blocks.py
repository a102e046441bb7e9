"""Pages of pre-printed labels: taking a block, printing it, and what became of each label."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from chain_of_custody import printing, queries, services
from chain_of_custody.forms import LabelBlockForm, LabelForm, SpoiledLabelForm
from chain_of_custody.labels.contents import BlankLabel
from chain_of_custody.types import LabelKind
from chain_of_custody.views.common import names_for
from chain_of_custody.views.labels import label_file
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import ConflictError
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.numbering import NumberFate
from lims.people.queries import person_names
from lims.uow import UnitOfWork
from lims.web.acts import carry_out
from lims.web.current import current_actor
from lims.web.paging import PAGE, page_of, read_cursor

bp = Blueprint("label_blocks", __name__, url_prefix="/custody/label-blocks")


@bp.route("/", methods=["GET", "POST"])
@requires("custody.seal")
def index() -> ResponseReturnValue:
    """The blocks of one's organisation, the newest first, and taking one more."""
    organisation_id = current_actor().require_organisation()
    form = LabelBlockForm()
    made: list[UUID] = []
    status = carry_out(form, lambda uow: made.append(services.take_label_block(uow, form.count.data or 0).id))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("The numbers are yours. Print them now."), "success")
        return redirect(url_for(".print_block", block_id=made[0]), status)
    after = read_cursor(request.args.get("cursor"))
    rows = queries.list_label_blocks(db.session, organisation_id, after=after, limit=PAGE + 1)
    shown, following = page_of(rows, PAGE, lambda row: (row.taken_at, row.id))
    return render_template(
        "chain_of_custody/label_blocks/index.html",
        form=form,
        rows=shown,
        next_url=url_for(".index", cursor=following) if following else None,
        **names_for(db.session, [row.taken_by_id for row in shown], []),
    ), status


@bp.route("/<uuid:block_id>", methods=["GET", "POST"])
@requires("custody.seal")
def detail(block_id: UUID) -> ResponseReturnValue:
    """One block: what became of each label, and noting that one is spoiled."""
    block = queries.get_label_block(db.session, current_actor().require_organisation(), block_id)
    form = SpoiledLabelForm()
    number, reason = form.label_no.data or "", form.reason.data or ""
    status = carry_out(form, lambda uow: services.spoil_label(uow, block_id, number, reason))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Noted. The label is on no portion, and never will be."), "success")
        return redirect(url_for(".detail", block_id=block_id), status)
    return render_template(
        "chain_of_custody/label_blocks/detail.html",
        form=form,
        block=block,
        labels=queries.list_block_labels(db.session, block_id),
        **names_for(db.session, [block.taken_by_id], []),
    ), status


@bp.route("/<uuid:block_id>/print", methods=["GET", "POST"])
@requires("custody.seal")
def print_block(block_id: UUID) -> ResponseReturnValue:
    """The labels of a block that are left: sent, the form answers with them; who printed when stands below it."""
    block = queries.get_label_block(db.session, current_actor().require_organisation(), block_id)
    form = LabelForm()
    written: list[bytes] = []

    def write(uow: UnitOfWork) -> None:
        labels = queries.list_block_labels(uow.session, block_id)
        left = [BlankLabel(one.label_no).content() for one in labels if one.fate is NumberFate.LEASED]
        if not left:
            raise ConflictError(_l("No label of this block is left to be printed."))
        services.note_block_print(uow, block_id, form.order().written_in, form.reason.data)
        written.append(printing.write_labels(left, form.order()))

    status = carry_out(form, write)
    if status == HTTPStatus.SEE_OTHER:
        order = form.order()
        return label_file(written[0], order.written_in, f"{block.first_no}-{form.size.data}.{order.written_in.value}")
    prints = queries.list_block_prints(db.session, block_id)
    return render_template(
        "chain_of_custody/labels.html",
        form=form,
        action=url_for(".print_block", block_id=block_id),
        kind=LabelKind.FIELD,
        block=block,
        prints=prints,
        people=person_names(db.session, {one.printed_by_id for one in prints}),
    ), status
