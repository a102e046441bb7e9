"""Pages of the sampler: the stops of the day, one stop, its sampling form, and the visit that brings nothing."""

import base64
import binascii
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import InvalidInputError, LimsError, NotFoundError
from lims.i18n import gettext as _
from lims.uow import unit_of_work
from lims.web.current import current_actor
from sampling import assembly, papers, queries
from sampling.forms import NoSampleForm, SamplingPageForm, photo_kinds, signers_of
from sampling.queries import TaskSheet
from sampling.rules.form import TEAM_SIGNERS
from sampling.services.evidence import keep_pictures
from sampling.services.forms import DrawnSignature, Photo, submit_form
from sampling.services.tasks import end_task_without_sample
from sampling.types import NoSampleReason, PhotoKind, SignerKind, TaskState

bp = Blueprint("field", __name__, url_prefix="/field")

DATA_URL = "data:image/png;base64,"
DAYS_SHOWN = 7
HASH = re.compile(r"[0-9a-f]{64}")
PHOTO, SIGNATURE = "photo", "signature"
# When a signature is wanted, as js/form-parts.js reads it; None where the rules do not ask for it.
NEEDED_OF: dict[SignerKind, str | None] = (
    dict.fromkeys(SignerKind) | dict.fromkeys(TEAM_SIGNERS, "") | {SignerKind.SAMPLED_PARTY: "party_refused_to_sign!=y"}
)
PARTIES = frozenset({SignerKind.SAMPLED_PARTY, SignerKind.PRODUCER})  # their names are on the form, not on an account


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo or signature that came with a form, now (`content`) or with an earlier try (`sha256`)."""

    part: str  # photo or signature
    kind: str  # what it shows, or who signed
    content: bytes = b""
    sha256: str = ""

    @property
    def address(self) -> str:
        """How a form carries it on."""
        return f"{self.part}:{self.kind}:{self.sha256}"


@bp.route("/")
@requires("sampling.field")
def index() -> ResponseReturnValue:
    """The stops of today, what is left over from before, and the next days."""
    person_id = current_actor().require_person()
    today = clock.local_date(clock.now())
    listed = queries.list_stops(db.session, person_id, today + timedelta(days=DAYS_SHOWN))
    return render_template(
        "sampling/field/index.html",
        today=today,
        late=[each for each in listed if each.task.planned_on < today],
        due=[each for each in listed if each.task.planned_on == today],
        coming=[each for each in listed if each.task.planned_on > today],
        done=queries.list_done(db.session, person_id, today),
    )


@bp.route("/tasks/<uuid:task_id>", methods=["GET", "POST"])
@requires("sampling.field")
def stop(task_id: UUID) -> ResponseReturnValue:
    """One stop: where, what, who; the way on to the form, and the one-tap outcomes."""
    sheet = queries.get_task_sheet(db.session, current_actor(), task_id)
    form = NoSampleForm.fresh()
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                reserve = end_task_without_sample(uow, task_id, NoSampleReason(form.reason.data), form.note.data)
                reserve_id = None if reserve is None else reserve.id
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            if reserve_id is None:
                flash(_("Noted. No reserve is left for this visit."), "info")
                return redirect(url_for(".index"), 303)
            flash(_("Noted. This business takes its place."), "success")
            return redirect(url_for(".stop", task_id=reserve_id), 303)
    elif form.is_submitted():
        status = 422
    return render_template(
        "sampling/field/stop.html", sheet=sheet, form=form, is_open=sheet.task.state is TaskState.ISSUED
    ), status


@bp.route("/tasks/<uuid:task_id>/form", methods=["GET", "POST"])
@requires("sampling.sample")
def fill_in(task_id: UUID) -> ResponseReturnValue:
    """The sampling form of a stop; refused, it comes back with everything that was typed, taken and drawn."""
    sheet = queries.get_task_sheet(db.session, current_actor(), task_id)
    if sheet.task.state is not TaskState.ISSUED:
        return redirect(url_for(".stop", task_id=task_id))
    form = SamplingPageForm.for_stop(sheet)
    status, kept = 200, []
    if form.is_submitted():
        status = 422
        pictures = _pictures(sheet)
        if form.validate():
            try:
                sample_id = _submit(sheet, form, pictures)
            except LimsError as refusal:
                status = form.refuse(refusal)
            else:
                flash(_("Submitted. Seal the portions now."), "success")
                return redirect(url_for("samples.detail", sample_id=sample_id), 303)
        kept = _keep(form, pictures)
    page = render_template(
        "sampling/field/form.html",
        sheet=sheet,
        form=form,
        kinds=photo_kinds(sheet),
        signers=list(signers_of(sheet)),
        needed_of=NEEDED_OF,
        kept=kept,
        photo_kind=PhotoKind,
    )
    return page, status


@bp.route("/tasks/<uuid:task_id>/notice.pdf")
@requires("sampling.field")
def notice(task_id: UUID) -> ResponseReturnValue:
    """The notice that is shown and left before anything is taken."""
    paper = assembly.assemble_notice(db.session, current_actor(), task_id)
    response = Response(papers.render_sampling_notice(paper), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{paper.notice_no}.pdf"'
    return response


@bp.route("/kept/<sha256>")
@requires("sampling.sample")
def kept_picture(sha256: str) -> ResponseReturnValue:
    """A picture that this person sent with a form that was refused."""
    if not HASH.fullmatch(sha256):
        raise NotFoundError
    content, media_type = queries.get_own_picture(db.session, current_actor(), bytes.fromhex(sha256))
    return Response(content, content_type=media_type)


def _submit(sheet: TaskSheet, form: SamplingPageForm, pictures: list[Picture]) -> UUID:
    names = dict(signers_of(sheet))
    signatures: dict[SignerKind, DrawnSignature] = {}
    photos: list[Photo] = []
    for picture in pictures:
        content = (
            picture.content or queries.get_own_picture(db.session, current_actor(), bytes.fromhex(picture.sha256))[0]
        )
        if picture.part == PHOTO:
            photos.append(Photo(PhotoKind(picture.kind), content))
            continue
        signer = SignerKind(picture.kind)
        # Earlier tries come first, so what was drawn last counts.
        signatures[signer] = DrawnSignature(content, names[signer] if signer in PARTIES else None)
    if form.party_refused_to_sign.data:
        signatures.pop(SignerKind.SAMPLED_PARTY, None)
    with unit_of_work(current_actor()) as uow:
        return submit_form(uow, sheet.task.id, form.to_input(), signatures, photos, food_category_id=form.food).id


def _pictures(sheet: TaskSheet) -> list[Picture]:
    """What came with the form: pictures of earlier tries by their hash, then those taken and drawn now."""
    found = []
    kinds = {PHOTO: {kind.value for kind in PhotoKind}, SIGNATURE: {kind.value for kind, _name in signers_of(sheet)}}
    for address in request.form.getlist("kept"):
        part, _, rest = address.partition(":")
        kind, _, sha256 = rest.partition(":")
        if kind in kinds.get(part, ()) and HASH.fullmatch(sha256):
            found.append(Picture(part, kind, sha256=sha256))
    uploads = (
        (kind, upload.read())
        for kind in photo_kinds(sheet)
        for upload in request.files.getlist(f"{PHOTO}_{kind.value}")
    )
    found += [Picture(PHOTO, kind.value, content) for kind, content in uploads if content]
    for signer, _name in signers_of(sheet):
        drawn = request.form.get(f"{SIGNATURE}_{signer.value}", "")
        if drawn.startswith(DATA_URL):
            with suppress(binascii.Error):
                found.append(Picture(SIGNATURE, signer.value, base64.b64decode(drawn[len(DATA_URL) :], validate=True)))
    return found


def _keep(form: SamplingPageForm, pictures: list[Picture]) -> list[Picture]:
    """Store what came with a refused form, so that the next try carries it on."""
    fresh = [picture for picture in pictures if picture.content]
    try:
        with unit_of_work(current_actor()) as uow:
            digests = keep_pictures(uow, [picture.content for picture in fresh])
    except InvalidInputError as refusal:
        if str(refusal) not in form.form_errors:
            form.form_errors.append(str(refusal))
        return [picture for picture in pictures if picture.sha256]
    stored = [Picture(one.part, one.kind, sha256=digest.hex()) for one, digest in zip(fresh, digests, strict=True)]
    latest = {}
    for picture in [*(one for one in pictures if one.sha256), *stored]:
        latest[picture.kind if picture.part == SIGNATURE else picture.address] = picture
    return list(latest.values())
