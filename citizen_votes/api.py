"""Rounds, ballots and tallies as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from citizen_votes import queries, services
from citizen_votes.plan_views import ACTS
from citizen_votes.schemas import BallotIn, ChallengeOut, FoundBallotOut, ReceiptOut, RoundIn, RoundOut, TallyOut
from citizen_votes.types import Proof, Stratum
from citizen_votes.views import signing_key
from lims.actors import PUBLIC as THE_PUBLIC
from lims.auth.permissions import PUBLIC, requires
from lims.db import db
from lims.uow import unit_of_work
from lims.web.api import ApiBlueprint, answer
from lims.web.current import current_actor

blp = ApiBlueprint("rounds_api", __name__, url_prefix="/api/v1/rounds", description="Public picks")


@blp.route("", methods=["GET"])
@requires(PUBLIC)
@blp.response(200, RoundOut(many=True))
def list_rounds() -> Any:
    """The newest rounds that the public may see."""
    return queries.list_rounds(db.session)


@blp.route("", methods=["POST"])
@requires("votes.manage")
@blp.arguments(RoundIn)
@blp.response(201, RoundOut)
@blp.refuses(422)
def create_round(body: Mapping[str, Any]) -> Any:
    """Draft a round."""
    with unit_of_work(current_actor()) as uow:
        made = services.create_round(
            uow,
            title_zh=body["title_zh"],
            title_en=body["title_en"],
            opens_at=body["opens_at"],
            closes_at=body["closes_at"],
            strata=[Stratum(one["food_category_code"], one["place_kind"]) for one in body["options"]],
        )
        return _round(answer(uow, RoundOut().dump(made), 201))


def _round(answered: tuple[Mapping[str, Any], int]) -> ResponseReturnValue:
    body, status = answered
    return dict(body), status


@blp.route("/<uuid:round_id>", methods=["GET"])
@requires(PUBLIC)
@blp.response(200, RoundOut)
@blp.refuses(404)
def get_round(round_id: UUID) -> Any:
    """One round."""
    return queries.get_round(db.session, round_id, current_actor())


@blp.route("/<uuid:round_id>/<any(open,close,count,'destroy-key'):act>", methods=["POST"])
@requires("votes.manage")
@blp.response(201, RoundOut)
@blp.refuses(404, 409)
def move_round(round_id: UUID, act: str) -> Any:
    """Move a round one step on."""
    with unit_of_work(current_actor()) as uow:
        return _round(answer(uow, RoundOut().dump(ACTS[act](uow, round_id)), 201))


@blp.route("/<uuid:round_id>/challenges", methods=["POST"])
@requires(PUBLIC)
@blp.response(201, ChallengeOut)
@blp.refuses(404, 409)
def create_challenge(round_id: UUID) -> Any:
    """A proof of work to be solved before a ballot."""
    with unit_of_work(THE_PUBLIC) as uow:
        return {"challenge": services.issue_challenge(uow, round_id, signing_key())}


@blp.route("/<uuid:round_id>/ballots", methods=["POST"])
@requires(PUBLIC)
@blp.arguments(BallotIn)
@blp.response(201, ReceiptOut)
@blp.refuses(404, 409, 422)
def create_ballot(body: Mapping[str, Any], round_id: UUID) -> Any:
    """Cast the ballot of a device, once; always as the public, whoever is logged in."""
    with unit_of_work(THE_PUBLIC) as uow:
        receipt = services.cast_ballot(
            uow,
            round_id,
            body["choices"],
            nonce=bytes.fromhex(body["nonce"]),
            device_token=body["device_token"],
            proof=Proof(body["challenge"], body["proof"]),
            key=signing_key(),
            no_opinion=body["no_opinion"],
        )
    return {"receipt": receipt}


@blp.route("/receipts/<receipt>", methods=["GET"])
@requires(PUBLIC)
@blp.response(200, FoundBallotOut)
@blp.refuses(404, 422)
def get_receipt(receipt: str) -> Any:
    """What became of the picks of one ballot, by its receipt number."""
    return queries.find_ballot(db.session, receipt)


@blp.route("/<uuid:round_id>/tally", methods=["GET"])
@requires(PUBLIC)
@blp.response(200, TallyOut)
@blp.refuses(404)
def get_tally(round_id: UUID) -> Any:
    """The count of a round."""
    return queries.get_tally(db.session, round_id)
