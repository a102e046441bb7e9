"""Pages for the public: the open round, the ballot, the receipt, the published ballots."""

import secrets
from uuid import UUID

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from citizen_votes import queries, services
from citizen_votes.forms import BallotForm, ReceiptForm
from citizen_votes.rules.ballots import NONCE_BYTES, TOKEN, order_options
from citizen_votes.types import Proof, RoundState
from lims import clock
from lims.actors import PUBLIC as THE_PUBLIC
from lims.auth.login import network_digest
from lims.auth.permissions import PUBLIC, requires
from lims.config import Environment
from lims.db import db
from lims.errors import InvalidInputError, LimsError, NotFoundError
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.runtime import settings_of
from lims.uow import unit_of_work
from lims.web.paging import BY_NAME, page_of, read_cursor

bp = Blueprint("votes", __name__)

DEVICE_COOKIE = "lims_device"
DEVICE_SECONDS = 200 * 24 * 3600  # longer than the longest round
SHOWN_BALLOTS = 100


def signing_key() -> bytes:
    """The key that signs proofs of work."""
    return services.challenge_key(str(current_app.config["SECRET_KEY"]))


@bp.route("/")
@requires(PUBLIC)
def home() -> ResponseReturnValue:
    """What is open, how it works, and where results are."""
    rounds = queries.list_rounds(db.session)
    now = clock.now()
    taking = [one for one in rounds if one.state is RoundState.OPEN and one.opens_at <= now < one.closes_at]
    past = [one for one in rounds if one.state is not RoundState.OPEN]
    return render_template("citizen_votes/home.html", taking=taking, past=past, form=ReceiptForm(formdata=None))


@bp.route("/picks/<uuid:round_id>", methods=["GET", "POST"])
@requires(PUBLIC)
def ballot(round_id: UUID) -> ResponseReturnValue:
    """The ballot of an open round; a round that is over shows what became of it."""
    pick_round = queries.get_round(db.session, round_id)
    if pick_round.state is not RoundState.OPEN:
        return redirect(url_for(".outcome", round_id=round_id))
    token = request.cookies.get(DEVICE_COOKIE, "")
    if not TOKEN.fullmatch(token):
        token = secrets.token_hex(32)
    form = BallotForm()
    status = 200
    if form.validate_on_submit():
        try:
            receipt = _cast(round_id, form, token)
        except LimsError as refusal:
            form.form_errors.append(str(refusal))
            status = int(refusal.status)
        else:
            return redirect(url_for(".thanks", round_id=round_id, receipt=receipt), 303)
    elif form.is_submitted():
        status = 422
    _prepare(form, round_id)
    response = make_response(render_template("citizen_votes/ballot.html", form=form, round=pick_round), status)
    response.set_cookie(
        DEVICE_COOKIE,
        token,
        max_age=DEVICE_SECONDS,
        httponly=True,
        secure=settings_of(current_app).environment is Environment.PRODUCTION,
        samesite="Lax",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _prepare(form: BallotForm, round_id: UUID) -> None:
    """A fresh proof of work, and the options in the order this ballot began with."""
    with unit_of_work(THE_PUBLIC) as uow:
        form.challenge.data = services.issue_challenge(uow, round_id, signing_key())
    form.proof.data = form.nonce.data = ""
    form.order.data = form.order.data or secrets.token_hex(8)
    options = {option.stratum: option for option in queries.list_options(db.session, round_id)}
    form.choices.choices = [
        (code, f"{bilingual(options[code])} · {bilingual(options[code], 'place')}")
        for code in order_options(options, form.order.data.encode())
    ]


def _cast(round_id: UUID, form: BallotForm, token: str) -> str:
    try:
        nonce = bytes.fromhex(form.nonce.data or "")
    except ValueError as error:
        raise InvalidInputError(_("The nonce is not hexadecimal."), field="nonce") from error
    with unit_of_work(THE_PUBLIC) as uow:
        receipt = services.cast_ballot(
            uow,
            round_id,
            form.choices.data or [],
            # A device without a source of chance gets its nonce from here.
            nonce=nonce or secrets.token_bytes(NONCE_BYTES),
            device_token=token,
            proof=Proof(form.challenge.data or "", form.proof.data or ""),
            key=signing_key(),
            no_opinion=bool(form.no_opinion.data),
        )
    if (form.business_name.data or "").strip():
        network = network_digest(str(current_app.config["SECRET_KEY"]), request.remote_addr)
        with unit_of_work(THE_PUBLIC) as uow:
            services.nominate(
                uow,
                round_id,
                business_name=str(form.business_name.data),
                place=form.place.data or "",
                network=network,
            )
    return receipt


@bp.route("/picks/<uuid:round_id>/thanks/<receipt>")
@requires(PUBLIC)
def thanks(round_id: UUID, receipt: str) -> ResponseReturnValue:
    """The receipt number, to be written down or kept as a picture."""
    found = queries.find_ballot(db.session, receipt)
    if found.round.id != round_id:
        raise NotFoundError
    return render_template("citizen_votes/thanks.html", found=found)


@bp.route("/picks/<uuid:round_id>/outcome")
@requires(PUBLIC)
def outcome(round_id: UUID) -> ResponseReturnValue:
    """The tally of a round that is over, and what became of its picks."""
    pick_round = queries.get_round(db.session, round_id)
    if pick_round.state is RoundState.OPEN:
        return redirect(url_for(".ballot", round_id=round_id))
    return render_template("citizen_votes/outcome.html", round=pick_round, **tally_context(pick_round.id))


def tally_context(round_id: UUID) -> dict[str, object]:
    """What the picture of a tally is drawn from."""
    options = queries.list_options(db.session, round_id)
    try:
        tally = queries.get_tally(db.session, round_id)
    except NotFoundError:
        tally = None
    return {
        "options": {option.stratum: option for option in options},
        "tally": tally,
        "ballots": queries.ballot_count(db.session, round_id),
        "outcomes": {one.stratum: one for one in queries.list_outcomes(db.session, round_id)},
    }


@bp.route("/picks/<uuid:round_id>/list")
@requires(PUBLIC)
def published(round_id: UUID) -> ResponseReturnValue:
    """Every ballot of a closed round, and how anybody counts again."""
    pick_round = queries.get_round(db.session, round_id)
    after = read_cursor(request.args.get("after"), BY_NAME, field="after")
    ballots = queries.list_ballots(db.session, round_id, after=after, limit=SHOWN_BALLOTS + 1)
    page = page_of(ballots, SHOWN_BALLOTS, lambda ballot: (ballot.receipt, ballot.id))
    return render_template(
        "citizen_votes/list.html",
        round=pick_round,
        ballots=page.rows,
        following=page.next_cursor,
        options={option.stratum: option for option in queries.list_options(db.session, round_id)},
    )


@bp.route("/receipt")
@requires(PUBLIC)
def receipt() -> ResponseReturnValue:
    """What became of the pick behind a receipt number."""
    form = ReceiptForm(request.args)
    found, status = None, 200
    if "number" in request.args:
        if form.validate():
            try:
                found = queries.find_ballot(db.session, str(form.number.data))
            except LimsError as refusal:
                form.number.errors = [str(refusal)]
                status = int(refusal.status)
        else:
            status = 422
    return render_template("citizen_votes/receipt.html", form=form, found=found), status
