"""Pages of changing hands: what one holds, what is offered, what arrived, what did not match."""

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from chain_of_custody import printing, queries, services
from chain_of_custody.forms import (
    BROKEN,
    INTACT,
    ConfirmForm,
    OfferForm,
    ResolveForm,
    confirm_form,
    line_field,
    show_refusal,
)
from chain_of_custody.models import HandOver
from chain_of_custody.queries import HeldPortion
from chain_of_custody.types import CelsiusRange, HandOverState, HandOverWay, Scan
from chain_of_custody.views.common import names_for
from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.files import IMAGES, read_file, store_file
from lims.i18n import gettext as _
from lims.i18n import ngettext
from lims.quantities import parse_measured
from lims.symbols import code128_svg, qr_svg
from lims.uow import unit_of_work
from lims.web.acts import paper, press
from lims.web.current import current_actor

bp = Blueprint("hand_overs", __name__, url_prefix="/custody/hand-overs")

ENDED_SHOWN = 20
PREFIX = 8  # characters of an id, enough to keep the forms of a page apart


@bp.route("/", methods=["GET"])
@requires("custody.hand_over")
def index() -> ResponseReturnValue:
    """The load, open offers, and what came and went."""
    return _index({})


def _loads() -> dict[UUID, list[HeldPortion]]:
    actor = current_actor()
    loads: dict[UUID, list[HeldPortion]] = {}
    for held in queries.list_held(db.session, actor.require_person(), actor.require_organisation()):
        if not held.is_offered:
            loads.setdefault(held.lab_id, []).append(held)
    return loads


def _offer_form(lab_id: UUID, load: list[HeldPortion]) -> OfferForm:
    form = OfferForm(prefix=f"{str(lab_id)[:PREFIX]}-")
    form.portion_nos.choices = [(one.portion_no, one.portion_no) for one in load]
    if not form.is_submitted():
        form.portion_nos.data = [one.portion_no for one in load]
    return form


def _index(refused: dict[UUID, OfferForm], status: int = 200) -> ResponseReturnValue:
    actor = current_actor()
    organisation_id = actor.require_organisation()
    loads = _loads()
    rows = queries.list_hand_overs(db.session, organisation_id)
    still_open = [row for row in rows if row.hand_over.state is HandOverState.OFFERED]
    exceptions = queries.list_open_exceptions(db.session, organisation_id)
    page = render_template(
        "chain_of_custody/hand_overs/index.html",
        loads=loads,
        forms={lab: refused.get(lab) or _offer_form(lab, load) for lab, load in loads.items()},
        portions={held.portion_no: held for load in loads.values() for held in load},
        due={
            held.portion_no: None if held.is_released else queries.delivery_deadline(db.session, held)
            for load in loads.values()
            for held in load
        },
        due_of=queries.earliest_delivery(db.session, [row.hand_over.id for row in still_open]),
        now=clock.now(),
        mine=[row for row in still_open if _goes_from_us(row.hand_over)],
        waiting=[row for row in still_open if not _goes_from_us(row.hand_over)],
        ended=[row for row in rows if row.hand_over.state is not HandOverState.OFFERED][:ENDED_SHOWN],
        exceptions=exceptions,
        **names_for(
            db.session,
            [row.hand_over.offered_by_id for row in rows],
            [
                *loads,
                *(row.hand_over.from_organisation_id for row in rows),
                *(row.hand_over.to_organisation_id for row in rows),
            ],
        ),
    )
    return page, status


def _goes_from_us(hand_over: HandOver) -> bool:
    """Whether the list is ours to wait for; inside one organisation it is its giver's."""
    mine = current_actor().organisation_id
    if hand_over.from_organisation_id == hand_over.to_organisation_id:
        return _gave(hand_over)
    return hand_over.from_organisation_id == mine


def _gave(hand_over: HandOver) -> bool:
    return hand_over.offered_by_id == current_actor().person_id


@bp.route("/to/<uuid:lab_id>", methods=["POST"])
@requires("custody.hand_over")
def offer(lab_id: UUID) -> ResponseReturnValue:
    """Offer portions to their laboratory, or give them to a carrier."""
    form = _offer_form(lab_id, _loads().get(lab_id, []))
    if not form.validate_on_submit():
        return _index({lab_id: form}, 422)
    numbers = form.portion_nos.data or []
    try:
        with unit_of_work(current_actor()) as uow:
            photo = form.box_photo.data.read() if form.box_photo.data else b""
            packing = form.packing(store_file(uow, photo, allowed=IMAGES) if photo else None)
            if form.way.data == HandOverWay.COURIER:
                made = services.hand_to_courier(uow, numbers, lab_id, form.consignment_no.data or "", packing)
            else:
                made = services.offer_hand_over(uow, numbers, lab_id, packing)
            hand_over_id = made.id
    except LimsError as refusal:
        show_refusal(form, refusal)
        return _index({lab_id: form}, int(refusal.status))
    return redirect(url_for(".detail", hand_over_id=hand_over_id), 303)


@bp.route("/<uuid:hand_over_id>", methods=["GET"])
@requires("custody.hand_over")
def detail(hand_over_id: UUID) -> ResponseReturnValue:
    """One hand-over: its list, its code to scan, what was found."""
    return _detail(queries.get_hand_over(db.session, current_actor(), hand_over_id), None)


def _detail(
    hand_over: HandOver,
    form: ConfirmForm | None,
    status: int = 200,
    *,
    resolving: tuple[UUID, ResolveForm] | None = None,
) -> ResponseReturnValue:
    actor = current_actor()
    lines = queries.list_listed_portions(db.session, hand_over.id)
    exceptions = queries.list_exceptions(db.session, hand_over.id)
    may_confirm = (
        hand_over.state is HandOverState.OFFERED
        and actor.may("custody.receive")
        and hand_over.to_organisation_id == actor.organisation_id
        and hand_over.offered_by_id != actor.person_id
    )
    page = render_template(
        "chain_of_custody/hand_overs/detail.html",
        hand_over=hand_over,
        lines=lines,
        exceptions=exceptions,
        form=(form or _confirm_form(hand_over)) if may_confirm else None,
        line_field=line_field,
        allowed=_allowed(hand_over),
        resolve_forms={one.id: ResolveForm(prefix=f"{str(one.id)[:PREFIX]}-") for one in exceptions}
        | (dict([resolving]) if resolving else {}),
        may_withdraw=hand_over.state is HandOverState.OFFERED
        and _gave(hand_over)
        and hand_over.way is HandOverWay.IN_PERSON,
        # Drawn by us from a number of ours: safe to stand in the page as it is.
        qr=Markup(qr_svg(hand_over.record_no)),  # noqa: S704
        bars=Markup(code128_svg(hand_over.record_no)),  # noqa: S704
        **names_for(
            db.session,
            [hand_over.offered_by_id, hand_over.taken_by_id, *(one.resolved_by_id for one in exceptions)],
            [hand_over.from_organisation_id, hand_over.to_organisation_id],
        ),
    )
    return page, status


def _allowed(hand_over: HandOver) -> CelsiusRange:
    lines = queries.list_listed_portions(db.session, hand_over.id)
    return queries.temperature_range(
        db.session, [line.storage_condition for line in lines], clock.local_date(clock.now())
    )


def _confirm_form(hand_over: HandOver) -> ConfirmForm:
    lines = queries.list_listed_portions(db.session, hand_over.id)
    return confirm_form([line.portion_no for line in lines], is_cold=_allowed(hand_over).highest is not None)


@bp.route("/<uuid:hand_over_id>/confirm", methods=["POST"])
@requires("custody.receive")
def confirm(hand_over_id: UUID) -> ResponseReturnValue:
    """Take what arrived."""
    hand_over = queries.get_hand_over(db.session, current_actor(), hand_over_id)
    form = _confirm_form(hand_over)
    if not form.validate_on_submit():
        return _detail(hand_over, form, 422)
    numbers = [line.portion_no for line in queries.list_listed_portions(db.session, hand_over_id)]
    scans = [
        Scan(number, seal_intact=form[line_field(number)].data == INTACT)
        for number in numbers
        if form[line_field(number)].data in {INTACT, BROKEN}
    ]
    scans += [Scan(number, seal_intact=True) for number in (form.extra.data or "").split()]
    measured = parse_measured(form.celsius.data) if "celsius" in form and form.celsius.data else None
    try:
        with unit_of_work(current_actor()) as uow:
            found = len(services.confirm_hand_over(uow, hand_over_id, scans, measured))
    except NotFoundError:
        raise
    except LimsError as refusal:
        show_refusal(form, refusal)
        return _detail(hand_over, form, int(refusal.status))
    if found:
        flash(ngettext("Taken. %(num)s thing did not match.", "Taken. %(num)s things did not match.", found), "warning")
    else:
        flash(_("Taken. Everything is as the list says."), "success")
    return redirect(url_for(".detail", hand_over_id=hand_over_id), 303)


@bp.route("/<uuid:hand_over_id>/withdraw", methods=["POST"])
@requires("custody.hand_over")
def withdraw(hand_over_id: UUID) -> ResponseReturnValue:
    """Take an offer back."""
    if not press(lambda uow: services.withdraw_hand_over(uow, hand_over_id)):
        return redirect(url_for(".detail", hand_over_id=hand_over_id), 303)
    flash(_("Taken back. You still hold these portions."), "success")
    return redirect(url_for(".index"), 303)


@bp.route("/<uuid:hand_over_id>/exceptions/<uuid:exception_id>", methods=["POST"])
@requires("custody.hand_over")
def resolve(hand_over_id: UUID, exception_id: UUID) -> ResponseReturnValue:
    """Write down how something that did not match was cleared up."""
    hand_over = queries.get_hand_over(db.session, current_actor(), hand_over_id)
    form = ResolveForm(prefix=f"{str(exception_id)[:PREFIX]}-")
    status = 422
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                services.resolve_exception(uow, exception_id, form.resolution.data or "")
        except NotFoundError:
            raise
        except LimsError as refusal:
            show_refusal(form, refusal)
            status = int(refusal.status)
        else:
            flash(_("Written down."), "success")
            return redirect(url_for(".detail", hand_over_id=hand_over_id), 303)
    return _detail(hand_over, None, status, resolving=(exception_id, form))


@bp.route("/<uuid:hand_over_id>/box")
@requires("custody.hand_over")
def box(hand_over_id: UUID) -> ResponseReturnValue:
    """The photo of the closed box."""
    hand_over = queries.get_hand_over(db.session, current_actor(), hand_over_id)
    if hand_over.box_photo_sha256 is None:
        raise NotFoundError
    content, media_type = read_file(db.session, hand_over.box_photo_sha256)
    return Response(content, content_type=media_type)


@bp.route("/<uuid:hand_over_id>/record.pdf")
@requires("custody.hand_over")
def record(hand_over_id: UUID) -> ResponseReturnValue:
    """The 样品移交确认单 to print."""
    hand_over = queries.get_hand_over(db.session, current_actor(), hand_over_id)
    return paper(printing.hand_over_record(db.session, hand_over), hand_over.record_no)
