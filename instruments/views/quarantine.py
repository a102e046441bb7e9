"""Readings that wait for a person: assigned, left out or looked at again, each with its reason."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from chain_of_custody.queries import blind_codes_of_lab
from chain_of_custody.rules import normalise_scan
from instruments import queries
from instruments.forms import DecideForm, ReasonForm
from instruments.models import StoredReading
from instruments.rules import is_clock_suspect, shown_bytes
from instruments.services import readings
from instruments.types import QuarantineReason, ReadingState
from instruments.words import unread_words
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.i18n import gettext as _
from lims.i18n import ngettext
from lims.uow import unit_of_work
from lims.web.current import current_actor
from lims.web.paging import page_of, read_cursor

bp = Blueprint("quarantine", __name__, url_prefix="/instruments/quarantine")

SEVERAL = "several-"
PREFIX = 8  # characters of an id, enough to keep the forms of a page apart
PAGE = 20  # each with a form of its own
WAITING = frozenset(QuarantineReason) - {QuarantineReason.QUALITY_CONTROL}
UNREAD = {QuarantineReason.UNDECODABLE, QuarantineReason.INCOMPLETE}
Decision = tuple[UUID, DecideForm]


@bp.route("/")
@requires("instruments.manage")
def index() -> ResponseReturnValue:
    """What waits, the newest first; controls stand on a tab of their own, because nobody has to decide about them."""
    return _page()


def _prefix(reading_id: UUID) -> str:
    return f"{str(reading_id)[:PREFIX]}-"


def _reason() -> QuarantineReason | None:
    asked = request.args.get("reason", "")
    return QuarantineReason(asked) if asked in set(QuarantineReason) else None


def _page(
    refused: Decision | None = None,
    status: int = 200,
    several: ReasonForm | None = None,
    ticked: Collection[UUID] = (),
) -> ResponseReturnValue:
    organisation_id = current_actor().require_organisation()
    reason = _reason()
    after = read_cursor(request.args.get("after"), field="after")
    rows = queries.list_readings(
        db.session,
        organisation_id,
        state=ReadingState.QUARANTINED,
        reasons={reason} if reason else WAITING,
        after=after,
        limit=PAGE + 1,
    )
    shown, more = page_of(rows, PAGE, lambda row: (row[0].received_at, row[0].id))
    waiting = [reading for reading, _instrument in shown]
    unread = [one for one in waiting if one.quarantine_reason in UNREAD]
    raw = queries.bytes_of(db.session, unread)
    page = render_template(
        "instruments/quarantine.html",
        rows=shown,
        forms=_forms(organisation_id, waiting, refused),
        rivals=queries.readings_by_id(db.session, {one.conflicts_with_id for one in waiting if one.conflicts_with_id}),
        counts={one.reason: one.count for one in queries.count_quarantine(db.session, organisation_id)},
        reason=reason,
        several=several or ReasonForm(None, prefix=SEVERAL),
        ticked=ticked,
        waiting_reasons=[one for one in QuarantineReason if one in WAITING],
        is_clock_suspect=is_clock_suspect,
        unread_words=unread_words,
        sent={one.id: shown_bytes(raw[one.raw_sha256]) for one in unread},
        previous=url_for(".index", reason=reason) if after else None,
        next=url_for(".index", reason=reason, after=more) if more else None,
    )
    return page, status


def _forms(organisation_id: UUID, waiting: list[StoredReading], refused: Decision | None) -> dict[UUID, DecideForm]:
    """A form for each reading; a code that the device sent and this laboratory gave stands in it already."""
    read = {one.id: normalise_scan(one.sample_text) for one in waiting}
    codes = blind_codes_of_lab(db.session, organisation_id, read.values())
    forms = {
        one.id: DecideForm(None, prefix=_prefix(one.id), blind_code=read[one.id] if read[one.id] in codes else "")
        for one in waiting
    }
    return forms | dict([refused]) if refused else forms


@bp.route("/<uuid:reading_id>", methods=["POST"])
@requires("instruments.manage")
def decide(reading_id: UUID) -> ResponseReturnValue:
    """Assign a reading to a sample, or leave it out; both with a reason."""
    queries.get_reading(db.session, current_actor().require_organisation(), reading_id)
    form = DecideForm(prefix=_prefix(reading_id))
    status = 422
    if form.validate_on_submit():
        try:
            _carry_out(reading_id, form)
        except NotFoundError:
            raise
        except LimsError as refusal:
            field: Any = form.reason if refusal.field == "reason" else form.blind_code
            field.errors = [str(refusal)]
            status = int(refusal.status)
        else:
            flash(_("Written down."), "success")
            return redirect(url_for(".index", reason=_reason()), 303)
    return _page((reading_id, form), status)


def _carry_out(reading_id: UUID, form: DecideForm) -> None:
    with unit_of_work(current_actor()) as uow:
        if request.form.get("decision") == "reject":
            readings.reject_reading(uow, reading_id, form.reason.data or "")
        else:
            readings.assign_reading(uow, reading_id, form.blind_code.data or "", form.reason.data or "")


@bp.route("/rejected", methods=["POST"])
@requires("instruments.manage")
def reject_several() -> ResponseReturnValue:
    """Leave out all that were ticked, for one reason: what a balance sent while it was being set up."""
    form = ReasonForm(prefix=SEVERAL)
    ticked = _ticked()
    if not form.validate_on_submit():
        return _page(status=422, several=form, ticked=ticked)
    if not ticked:
        form.reason.errors = [_("Tick the readings that are not to be used.")]
        return _page(status=422, several=form)
    with unit_of_work(current_actor()) as uow:
        rejected = readings.reject_waiting(uow, ticked, form.reason.data or "")
    flash(
        ngettext("%(num)s reading is not used.", "%(num)s readings are not used.", rejected),
        "success" if rejected else "info",
    )
    return redirect(url_for(".index", reason=_reason()), 303)


def _ticked() -> set[UUID]:
    try:
        return {UUID(text) for text in request.form.getlist("reading")[:PAGE]}
    except ValueError as error:
        raise NotFoundError from error


@bp.route("/<uuid:reading_id>/second-look", methods=["POST"])
@requires("instruments.manage")
def look_again(reading_id: UUID) -> ResponseReturnValue:
    """Read or match one again, after something has changed."""
    try:
        with unit_of_work(current_actor()) as uow:
            came = readings.look_again(uow, reading_id)
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        words = ngettext("%(num)s reading came of it.", "%(num)s readings came of it.", len(came))
        flash(words if came else _("It has found its sample."), "success")
    return redirect(url_for(".index", reason=_reason()), 303)


@bp.route("/second-look", methods=["POST"])
@requires("instruments.manage")
def look_again_at_all() -> ResponseReturnValue:
    """The same for everything that waits for this reason, as much as fits into one transaction."""
    organisation_id = current_actor().require_organisation()
    reason = _reason()
    reasons = {reason} if reason else WAITING
    with unit_of_work(current_actor()) as uow:
        rows = queries.list_readings(
            uow.session, organisation_id, state=ReadingState.QUARANTINED, reasons=reasons, limit=readings.AT_ONCE
        )
        moved = readings.look_again_at_all(uow, [reading.id for reading, _instrument in rows])
    flash(
        ngettext("%(num)s reading no longer waits.", "%(num)s readings no longer wait.", moved),
        "success" if moved else "info",
    )
    return redirect(url_for(".index", reason=reason), 303)
