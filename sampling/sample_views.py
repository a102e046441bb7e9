"""Pages of samples: the list, the page that all packages write together, and the papers."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import files
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import NotFoundError
from lims.i18n import gettext as _
from lims.web.acts import carry_out
from lims.web.current import current_actor
from lims.web.paging import page_of, read_cursor
from lims.web.panels import panels_for, steps_for
from sampling import assembly, papers, queries
from sampling.evidence_panels import SUBJECT as EVIDENCE
from sampling.forms import VoidForm
from sampling.rules.states import STATE_NAMES
from sampling.sample_panels import SUBJECT
from sampling.services.samples import void_sample
from sampling.types import SampleState

bp = Blueprint("samples", __name__, url_prefix="/samples")

MOST_DIGITS = 40  # of a sampling number that is searched for


@bp.route("/")
@requires("sampling.view")
def index() -> ResponseReturnValue:
    """The samples one may see, the newest first."""
    actor = current_actor()
    state = _state(request.args.get("state"))
    number = request.args.get("q", "").strip().replace("\0", "")[:MOST_DIGITS].upper()
    rows = queries.list_samples(
        db.session,
        actor,
        state=state,
        number=number or None,
        after=read_cursor(request.args.get("after"), field="after"),
        limit=queries.PAGE + 1,
    )
    shown, following = page_of(rows, queries.PAGE, lambda row: (row.sample.issued_at, row.sample.id))
    asked: dict[str, Any] = {"state": state.value if state else None, "q": number or None}
    return render_template(
        "sampling/samples/index.html",
        rows=shown,
        counts=queries.count_by_state(db.session, actor),
        states=STATE_NAMES,
        state=state,
        number=number,
        next_url=url_for(".index", after=following, **asked) if following else None,
    )


@bp.route("/<uuid:sample_id>")
@requires("sampling.view")
def detail(sample_id: UUID) -> ResponseReturnValue:
    """One sample: what every package knows of it and this person may see."""
    actor = current_actor()
    return render_template(
        "sampling/samples/detail.html",
        sheet=queries.get_sheet(db.session, actor, sample_id),
        panels=panels_for(SUBJECT, db.session, actor, sample_id),
        steps=steps_for(SUBJECT, db.session, actor, sample_id),
    )


@bp.route("/<uuid:sample_id>/evidence")
@requires("sampling.view")
def evidence(sample_id: UUID) -> ResponseReturnValue:
    """The whole evidence of one sample on a page to print: from the line of the plan to the proof of the ledger."""
    actor = current_actor()
    return render_template(
        "sampling/evidence/page.html",
        sheet=queries.get_sheet(db.session, actor, sample_id),
        panels=panels_for(EVIDENCE, db.session, actor, sample_id),
    )


@bp.route("/<uuid:sample_id>/void", methods=["GET", "POST"])
@requires("sampling.void")
def void(sample_id: UUID) -> ResponseReturnValue:
    """Declare a sample void, with the reason that stays with it."""
    sheet = queries.get_sheet(db.session, current_actor(), sample_id)
    form = VoidForm()
    status = carry_out(form, lambda uow: void_sample(uow, sample_id, str(form.reason.data)))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("%(number)s is void.", number=sheet.sample.sampling_no), "success")
        return redirect(url_for(".detail", sample_id=sample_id), status)
    return render_template("sampling/samples/void.html", sheet=sheet, form=form), status


@bp.route("/<uuid:sample_id>/photos/<uuid:photo_id>")
@requires("sampling.view")
def photo(sample_id: UUID, photo_id: UUID) -> ResponseReturnValue:
    """One photo of a sample."""
    found = next(
        (one for one in queries.list_photos(db.session, current_actor(), sample_id) if one.id == photo_id), None
    )
    if found is None:
        raise NotFoundError
    return _picture(found.sha256)


@bp.route("/<uuid:sample_id>/signatures/<signer>")
@requires("sampling.view")
def signature(sample_id: UUID, signer: str) -> ResponseReturnValue:
    """One signature as it was drawn."""
    signed = queries.list_signatures(db.session, current_actor(), sample_id)
    found = next((one for one in signed if one.signer.value == signer), None)
    if found is None:
        raise NotFoundError
    return _picture(found.image_sha256)


@bp.route("/<uuid:sample_id>/form.pdf")
@requires("sampling.view")
def sampling_form(sample_id: UUID) -> ResponseReturnValue:
    """The sampling form in five copies."""
    paper = assembly.assemble_form(db.session, current_actor(), sample_id)
    return _pdf(papers.render_sampling_form(paper), paper.sampling_no)


@bp.route("/<uuid:sample_id>/purchase-cost.pdf")
@requires("sampling.view")
def purchase_cost(sample_id: UUID) -> ResponseReturnValue:
    """The notice of what the sample cost."""
    paper = assembly.assemble_purchase_cost(db.session, current_actor(), sample_id)
    return _pdf(papers.render_purchase_cost_notice(paper), paper.notice_no)


def _state(text: str | None) -> SampleState | None:
    return SampleState(text) if text in set(SampleState) else None


def _picture(sha256: bytes) -> Response:
    content, media_type = files.read_file(db.session, sha256)
    response = Response(content, content_type=media_type)
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return response


def _pdf(content: bytes, name: str) -> Response:
    response = Response(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response
