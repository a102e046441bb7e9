"""Labels and receipts to print or to send to a label printer."""

from uuid import UUID

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue

from chain_of_custody import printing, queries, services
from chain_of_custody.forms import LabelForm, show_refusal
from chain_of_custody.printing import MEDIA_TYPES
from chain_of_custody.queries import get_portion, list_portions
from chain_of_custody.types import LabelFormat, LabelKind
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.people.queries import person_names
from lims.uow import unit_of_work
from lims.web.current import current_actor
from sampling.models import Sample

bp = Blueprint("labels", __name__, url_prefix="/custody/samples")


@bp.route("/<uuid:sample_id>/labels/<any(field,seal,blind):kind>", methods=["GET", "POST"])
@requires("custody.print")
def label(sample_id: UUID, kind: str) -> ResponseReturnValue:
    """The labels of all portions of a sample: sent, the form answers with them; who printed when stands below it."""
    actor, chosen = current_actor(), LabelKind(kind)
    contents = printing.labels_of(db.session, actor, sample_id, chosen, _portions(sample_id))
    form = LabelForm()
    status = 200
    if form.validate_on_submit():
        order = form.order()
        try:
            written = printing.write_labels(contents, order)
            with unit_of_work(actor) as uow:
                services.note_print(uow, sample_id, chosen, order.written_in, form.reason.data)
        except LimsError as refusal:
            show_refusal(form, refusal)
            status = int(refusal.status)
        else:
            return label_file(
                written, order.written_in, f"{contents[0].code}-{form.size.data}.{order.written_in.value}"
            )
    elif form.is_submitted():
        status = 422
    prints = queries.list_prints(db.session, sample_id, chosen)
    page = render_template(
        "chain_of_custody/labels.html",
        form=form,
        action=url_for(".label", sample_id=sample_id, kind=kind),
        kind=chosen,
        block=None,
        sample=db.session.get_one(Sample, sample_id),
        prints=prints,
        people=person_names(db.session, {one.printed_by_id for one in prints}),
    )
    return page, status


def label_file(written: bytes, written_in: LabelFormat, name: str) -> Response:
    """Labels as a file for the printer: a PDF is shown, everything else kept."""
    answer = Response(written, content_type=MEDIA_TYPES[written_in])
    disposition = "inline" if written_in is LabelFormat.PDF else "attachment"
    answer.headers["Content-Disposition"] = f'{disposition}; filename="{name}"'
    return answer


@bp.route("/<uuid:sample_id>/receipt-<int:paper>.escpos")
@requires("custody.print")
def receipt(sample_id: UUID, paper: int) -> ResponseReturnValue:
    """The receipt of the sealing for a belt printer, 58 or 80 mm wide."""
    written = printing.sealing_receipt(db.session, sample_id, _portions(sample_id), paper)
    answer = Response(written, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="receipt-{paper}.escpos"'
    return answer


def _portions(sample_id: UUID) -> list[UUID]:
    """The portions of a sample, all of which the person may see.

    Raises:
        NotFoundError: there is none, or one that the person may not see.
    """
    actor = current_actor()
    portions = [
        get_portion(db.session, actor, portion.id).portion_id for portion in list_portions(db.session, sample_id)
    ]
    if not portions:
        raise NotFoundError
    return portions
