"""The custodian's pages: what comes, what waits, where things are; reception and blind codes."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from chain_of_custody import printing, queries, services
from chain_of_custody.forms import GOOD, BlindCodeForm, GiveUpForm, MoveForm, ReceptionForm, RelabelForm, show_refusal
from chain_of_custody.rules import normalise_scan
from chain_of_custody.types import Blindness, PortionKind, ReceptionChecks
from chain_of_custody.views.common import cards_of_sample, names_for, trail_context
from lims import clock
from lims.auth.permissions import BENCH_ROLES, LOGGED_IN, requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.i18n import gettext as _
from lims.ledger.objects import prove_object
from lims.uow import unit_of_work
from lims.web.acts import carry_out
from lims.web.current import current_actor
from sampling.models import Sample
from sampling.queries import find_sample_by_number, get_form, get_sample

bp = Blueprint("custody", __name__, url_prefix="/custody")


@bp.route("/")
@requires("custody.receive")
def index() -> ResponseReturnValue:
    """The first page of a custodian."""
    lab_id = current_actor().require_organisation()
    coming = queries.list_open_hand_overs(db.session, lab_id)
    released = queries.list_released(db.session, lab_id)
    return render_template(
        "chain_of_custody/board.html",
        counts=queries.count_board(db.session, lab_id),
        coming=coming,
        to_check=queries.list_to_check(db.session, lab_id),
        to_recode=queries.list_to_recode(db.session, lab_id),
        placeless=queries.list_placeless(db.session, lab_id),
        due_of=queries.earliest_delivery(db.session, [one.id for one in coming]),
        now=clock.now(),
        exceptions=queries.list_open_exceptions(db.session, lab_id),
        released=released,
        **names_for(
            db.session,
            [*(one.offered_by_id for one in coming), *(holder_id for _portion, _release, holder_id in released)],
            [
                *(one.from_organisation_id for one in coming),
                *(one.to_organisation_id for _portion, one, _by in released),
            ],
        ),
    )


@bp.route("/find")
@requires(LOGGED_IN)
def find() -> ResponseReturnValue:
    """Where a scanned code leads: portion, hand-over, place, sample, unused label; a bench role is led nowhere."""
    actor = current_actor()
    code = normalise_scan(request.args.get("code", ""))
    if code and (portion := queries.find_portion(db.session, actor, code)):
        return redirect(url_for(".portion", portion_id=portion.portion_id), 303)
    if code and actor.may("custody.hand_over") and (hand_over := queries.find_hand_over(db.session, actor, code)):
        return redirect(url_for("hand_overs.detail", hand_over_id=hand_over.id), 303)
    if code and actor.may("custody.receive"):
        place = queries.find_place(db.session, actor.require_organisation(), code)
        if place is not None:
            return redirect(url_for("storage.place", place_id=place.id), 303)
    if code and actor.may("sampling.view") and not actor.roles & BENCH_ROLES:
        # The number of a form stands on papers without that of a portion: its page has all of them.
        sample = find_sample_by_number(db.session, actor, code)
        if sample is not None:
            return redirect(url_for("samples.detail", sample_id=sample.id), 303)
    label = queries.find_label(db.session, actor, code) if code else None
    whose = names_for(db.session, [], [label.organisation_id] if label else [])
    page = render_template("chain_of_custody/find.html", code=code, label=label, **whose)
    return page, 404 if code and label is None else 200


@bp.route("/portions/<uuid:portion_id>")
@requires(LOGGED_IN)
def portion(portion_id: UUID) -> ResponseReturnValue:
    """Where a portion is, who has it since when, and what happened to it."""
    actor = current_actor()
    found = queries.get_portion(db.session, actor, portion_id)
    sample = db.session.get_one(Sample, found.sample_id)
    [card] = queries.list_cards(db.session, [portion_id])
    trail = [entry for entry in queries.visible_trail(db.session, actor, sample) if entry.portion_no == card.portion_no]
    context = trail_context(db.session, trail)
    sees_all = queries.sees_all_custody(db.session, actor, sample)
    return render_template(
        "chain_of_custody/portion.html",
        portion=card,
        portion_id=portion_id,
        sample=sample,
        places=queries.place_of(db.session, portion_id),
        reception=queries.get_reception(db.session, sample.id),
        blind=queries.blind_code_of(db.session, actor, sample.id) if card.kind is PortionKind.TEST else None,
        printed=queries.count_prints(db.session, sample.id),
        move_form=MoveForm(formdata=None, portion_no=card.portion_no)
        if actor.may("custody.receive") and card.organisation_id == actor.organisation_id
        else None,
        proof=prove_object(db.session, sample.ledger_chain()) if sees_all else None,
        **context,
    )


@bp.route("/portions/<uuid:portion_id>/report.pdf")
@requires(LOGGED_IN)
def report(portion_id: UUID) -> ResponseReturnValue:
    """The way of a portion to print, with its proof."""
    content = printing.custody_report(db.session, current_actor(), portion_id, clock.now())
    return Response(content, content_type="application/pdf")


@bp.route("/samples/<uuid:sample_id>/reception", methods=["GET", "POST"])
@requires("custody.receive")
def reception(sample_id: UUID) -> ResponseReturnValue:
    """The six checks of a sample that arrived."""
    actor = current_actor()
    sample = get_sample(db.session, actor, sample_id)
    cards = cards_of_sample(db.session, sample_id)
    if sample.lab_id != actor.organisation_id or not any(card.is_with(sample.lab_id) for card in cards):
        raise NotFoundError
    form = ReceptionForm()
    status = 200
    if form.validate_on_submit():
        accepts = form.decision.data == "accept"
        checks = ReceptionChecks(**{name: form[name].data == GOOD for name in ReceptionChecks.__slots__})
        try:
            with unit_of_work(actor) as uow:
                services.decide_reception(uow, sample_id, checks, form.refusal_reason.data, accepts=accepts)
        except NotFoundError:
            raise
        except LimsError as refusal:
            show_refusal(form, refusal)
            status = int(refusal.status)
        else:
            if accepts:
                flash(_("Accepted. Give the test portion its blind code."), "success")
                return redirect(url_for(".blind_code", sample_id=sample_id), 303)
            flash(_("Refused. The regulator sees the reason on the page of the sample."), "warning")
            return redirect(url_for(".reception", sample_id=sample_id), 303)
    elif form.is_submitted():
        status = 422
    return render_template(
        "chain_of_custody/reception.html",
        form=form,
        sample=sample,
        paper=get_form(db.session, actor, sample_id),
        cards=cards,
        written=queries.get_reception(db.session, sample_id),
    ), status


@bp.route("/samples/<uuid:sample_id>/refusal.pdf")
@requires(LOGGED_IN)
def refusal(sample_id: UUID) -> ResponseReturnValue:
    """The written refusal of a sample to print: to its samplers, and to the regulator that ordered it."""
    content = printing.refusal_notice(db.session, current_actor(), sample_id)
    return Response(content, content_type="application/pdf")


@bp.route("/samples/<uuid:sample_id>/giving-up", methods=["GET", "POST"])
@requires("custody.receive")
def give_up(sample_id: UUID) -> ResponseReturnValue:
    """End an accepted sample that cannot be tested."""
    actor = current_actor()
    sample = get_sample(db.session, actor, sample_id)
    if sample.lab_id != actor.organisation_id:
        raise NotFoundError
    form = GiveUpForm()
    status = carry_out(form, lambda uow: services.give_up_sample(uow, sample_id, form.reason.data or ""))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Given up. The reason stands on the page of the sample."), "warning")
        return redirect(url_for("samples.detail", sample_id=sample_id), status)
    return render_template("chain_of_custody/give_up.html", form=form, sample=sample), status


@bp.route("/samples/<uuid:sample_id>/blind-code", methods=["GET", "POST"])
@requires("custody.receive")
def blind_code(sample_id: UUID) -> ResponseReturnValue:
    """Give the test portion its blind code; afterwards the same address shows it, with its label."""
    form = BlindCodeForm()
    status = carry_out(form, lambda uow: services.recode(uow, sample_id, Blindness(form.blindness.data)))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Blind code given. Print its label and put it on the parcel."), "success")
        return redirect(url_for(".blind_code", sample_id=sample_id), status)
    return _blind_code(sample_id, form, RelabelForm(formdata=None), status)


@bp.route("/samples/<uuid:sample_id>/relabelling", methods=["POST"])
@requires("custody.receive")
def relabel(sample_id: UUID) -> ResponseReturnValue:
    """Give the test portion another blind code."""
    form = RelabelForm()
    status = carry_out(
        form, lambda uow: services.relabel(uow, sample_id, Blindness(form.blindness.data), form.reason.data or "")
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Another blind code given. Take the old label off and put the new one on."), "success")
        return redirect(url_for(".blind_code", sample_id=sample_id), status)
    return _blind_code(sample_id, BlindCodeForm(formdata=None), form, status)


def _blind_code(sample_id: UUID, form: BlindCodeForm, relabel_form: RelabelForm, status: int) -> ResponseReturnValue:
    actor = current_actor()
    sample = get_sample(db.session, actor, sample_id)
    if sample.lab_id != actor.organisation_id or queries.get_reception(db.session, sample_id) is None:
        raise NotFoundError
    blind = queries.blind_code_of(db.session, actor, sample_id)
    return render_template(
        "chain_of_custody/blind_code.html",
        form=form,
        relabel_form=relabel_form,
        sample=sample,
        paper=get_form(db.session, actor, sample_id),
        cards=cards_of_sample(db.session, sample_id),
        blind=blind,
        codes=queries.codes_of_sample(db.session, sample_id) if blind else [],
        can_relabel=sample.state in services.ON_THE_BENCH,
        printed=queries.count_prints(db.session, sample_id),
    ), status
