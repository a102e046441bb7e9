"""Labels and receipts to print or to send to a label printer."""

from uuid import UUID

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from chain_of_custody import printing
from chain_of_custody.labels.sheets import Stock
from chain_of_custody.printing import MEDIA_TYPES, SIZES, LabelFormat, LabelKind, LabelOrder
from chain_of_custody.queries import get_portion, list_portions
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import NotFoundError
from lims.web.current import current_actor

bp = Blueprint("labels", __name__, url_prefix="/custody/samples")


@bp.route(
    "/<uuid:sample_id>/labels/<any(field,seal,blind):kind>-<any('40x30','60x40','100x70'):size>"
    ".<any(pdf,zpl,tspl):written_in>"
)
@requires("custody.print")
def label(sample_id: UUID, kind: str, size: str, written_in: str) -> ResponseReturnValue:
    """Labels of all portions of a sample; `?stock=sheet&skip=3` for an A4 sheet that is begun."""
    actor = current_actor()
    contents = printing.labels_of(db.session, actor, sample_id, LabelKind(kind), _portions(sample_id))
    order = LabelOrder(
        LabelFormat(written_in),
        SIZES[size],
        Stock.SHEET if request.args.get("stock") == Stock.SHEET else Stock.ROLL,
        request.args.get("skip", default=0, type=int),
    )
    answer = Response(printing.write_labels(contents, order), content_type=MEDIA_TYPES[order.written_in])
    disposition = "inline" if order.written_in is LabelFormat.PDF else "attachment"
    answer.headers["Content-Disposition"] = f'{disposition}; filename="{contents[0].code}-{size}.{written_in}"'
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
