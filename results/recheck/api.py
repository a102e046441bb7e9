"""Rechecks as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lims.auth.permissions import requires
from lims.db import db
from lims.uow import UnitOfWork
from lims.web.api import ApiBlueprint, perform
from lims.web.current import current_actor
from results.recheck import queries, services
from results.recheck.models import Recheck
from results.recheck.schemas import (
    ApplicationIn,
    ConclusionIn,
    RecheckAcceptanceIn,
    RecheckAdvanceIn,
    RecheckConclusionOut,
    RecheckDeclineIn,
    RecheckDeclineOut,
    RecheckExtensionIn,
    RecheckExtensionOut,
    RecheckFeeIn,
    RecheckFeeOut,
    RecheckJudgementIn,
    RecheckLinkIn,
    RecheckLinkOut,
    RecheckOut,
    RecheckReceiptIn,
    RecheckRepaymentIn,
    RecheckWatchIn,
    RecheckWatchOut,
    RefusalIn,
    ResultsIn,
)
from results.recheck.types import MethodUsed

blp = ApiBlueprint("rechecks_api", __name__, url_prefix="/api/v1", description="Rechecks")


@blp.route("/rechecks/<uuid:recheck_id>", methods=["GET"])
@requires("recheck.see")
@blp.response(200, RecheckOut)
@blp.refuses(404)
def get_recheck(recheck_id: UUID) -> Any:
    """One recheck."""
    return queries.get_recheck(db.session, current_actor(), recheck_id)


@blp.route("/referrals/<uuid:referral_id>/rechecks", methods=["POST"])
@requires("recheck.decide")
@blp.arguments(ApplicationIn)
@blp.response(201, RecheckOut)
@blp.refuses(404, 409)
def create_recheck(body: Mapping[str, Any], referral_id: UUID) -> Any:
    """Enter an application."""
    return perform(
        lambda uow: services.apply_for_recheck(
            uow,
            referral_id,
            body["applicant"],
            body["set_item_ids"],
            applied_on=body["applied_on"],
            grounds=body["grounds"],
        ),
        RecheckOut(),
    )


@blp.route("/rechecks/<uuid:recheck_id>/acceptance", methods=["POST"])
@requires("recheck.decide")
@blp.arguments(RecheckAcceptanceIn, required=False)
@blp.response(201, RecheckOut)
@blp.refuses(404, 409)
def accept(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """Accept an application; of a mixed one, what is not microbiological."""
    return perform(lambda uow: services.accept_recheck(uow, recheck_id, body.get("note", "")), RecheckOut())


@blp.route("/rechecks/<uuid:recheck_id>/refusal", methods=["POST"])
@requires("recheck.decide")
@blp.arguments(RefusalIn)
@blp.response(201, RecheckOut)
@blp.refuses(404, 409)
def refuse(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """Refuse an application in writing."""
    return perform(lambda uow: services.refuse_recheck(uow, recheck_id, body["reason"], body["note"]), RecheckOut())


@blp.route("/rechecks/<uuid:recheck_id>/draw", methods=["POST"])
@requires("recheck.decide")
@blp.response(201, RecheckOut)
@blp.refuses(404, 409)
def draw(recheck_id: UUID) -> Any:
    """Draw the laboratory by lot."""
    return perform(lambda uow: services.draw_laboratory(uow, recheck_id), RecheckOut())


@blp.route("/rechecks/<uuid:recheck_id>/declines", methods=["POST"])
@requires("recheck.sign")
@blp.arguments(RecheckDeclineIn)
@blp.response(201, RecheckDeclineOut)
@blp.refuses(404, 409)
def decline(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """Decline a recheck one was drawn for."""
    return perform(lambda uow: services.decline_recheck(uow, recheck_id, body["reason"]), RecheckDeclineOut())


@blp.route("/rechecks/<uuid:recheck_id>/declines/<int:number>/judgement", methods=["POST"])
@requires("recheck.decide")
@blp.arguments(RecheckJudgementIn)
@blp.response(201, RecheckDeclineOut)
@blp.refuses(404, 409)
def judge(body: Mapping[str, Any], recheck_id: UUID, number: int) -> Any:
    """Judge whether a laboratory had a cause to decline."""
    return perform(lambda uow: services.judge_decline(uow, recheck_id, number, **body), RecheckDeclineOut())


@blp.route("/rechecks/<uuid:recheck_id>/extensions", methods=["POST"])
@requires("recheck.decide")
@blp.arguments(RecheckExtensionIn)
@blp.response(201, RecheckExtensionOut)
@blp.refuses(404, 409)
def extend(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """Let the running term end later."""
    return perform(
        lambda uow: services.extend_clock(uow, recheck_id, body["until"], body["reason"]), RecheckExtensionOut()
    )


@blp.route("/recheck-links", methods=["POST"])
@requires("recheck.decide")
@blp.arguments(RecheckLinkIn)
@blp.response(201, RecheckLinkOut)
@blp.refuses()
def record_link(body: Mapping[str, Any]) -> Any:
    """Record an interest between a laboratory of the list and a business."""
    return perform(
        lambda uow: services.record_link(
            uow,
            body["lab_id"],
            party_name=body["party_name"],
            party_uscc=body["party_uscc"],
            since=body["since"],
            until=body["until"],
            reason=body["reason"],
        ),
        RecheckLinkOut(),
    )


@blp.route("/rechecks/<uuid:recheck_id>/receipt", methods=["POST"])
@requires("recheck.receive")
@blp.arguments(RecheckReceiptIn)
@blp.response(201, RecheckOut)
@blp.refuses(404, 409)
def receive(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """What the backup portion looked like when it came; damage ends the recheck."""

    def act(uow: UnitOfWork) -> Recheck:
        services.receive_backup(
            uow,
            recheck_id,
            seal_no=body["seal_no"],
            seal_intact=body["seal_intact"],
            package_intact=body["package_intact"],
            package_photo=body["package_photo"],
            seal_photo=body["seal_photo"],
            damage=body["damage"],
        )
        return queries.get_recheck(uow.session, uow.actor, recheck_id)

    return perform(act, RecheckOut())


@blp.route("/rechecks/<uuid:recheck_id>/results", methods=["POST"])
@requires("recheck.test")
@blp.arguments(ResultsIn)
@blp.response(201, RecheckOut)
@blp.refuses(404, 409)
def enter_results(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """What the recheck laboratory found."""

    def enter(uow: UnitOfWork) -> Recheck:
        services.enter_recheck_results(
            uow,
            recheck_id,
            {one["set_item_id"]: one["text"] for one in body["results"]},
            {one["set_item_id"]: MethodUsed(one["method"], one["method_reason"]) for one in body["results"]},
        )
        return queries.get_recheck(uow.session, uow.actor, recheck_id)

    return perform(enter, RecheckOut())


@blp.route("/rechecks/<uuid:recheck_id>/conclusion", methods=["POST"])
@requires("recheck.sign")
@blp.arguments(ConclusionIn)
@blp.response(201, RecheckConclusionOut)
@blp.refuses(404, 409)
def conclude(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """Sign the recheck; its conclusion replaces the first one."""
    return perform(lambda uow: services.conclude_recheck(uow, recheck_id, body["report_no"]), RecheckConclusionOut())


@blp.route("/rechecks/<uuid:recheck_id>/fee", methods=["POST"])
@requires("recheck.fees")
@blp.arguments(RecheckFeeIn)
@blp.response(201, RecheckFeeOut)
@blp.refuses(404, 409)
def state_fee(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """Say what a recheck costs."""
    return perform(lambda uow: services.state_fee(uow, recheck_id, body["amount"]), RecheckFeeOut())


@blp.route("/rechecks/<uuid:recheck_id>/fee/advance", methods=["POST"])
@requires("recheck.fees")
@blp.arguments(RecheckAdvanceIn)
@blp.response(201, RecheckFeeOut)
@blp.refuses(404, 409)
def note_advance(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """The applicant has paid."""
    return perform(
        lambda uow: services.note_advance(uow, recheck_id, body["receipt_no"], body["advanced_on"]), RecheckFeeOut()
    )


@blp.route("/rechecks/<uuid:recheck_id>/fee/repayment", methods=["POST"])
@requires("recheck.decide")
@blp.arguments(RecheckRepaymentIn)
@blp.response(201, RecheckFeeOut)
@blp.refuses(404, 409)
def note_repayment(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """The regulator has paid back."""
    return perform(
        lambda uow: services.note_repayment(uow, recheck_id, body["voucher_no"], body["repaid_on"]), RecheckFeeOut()
    )


@blp.route("/rechecks/<uuid:recheck_id>/watches", methods=["POST"])
@requires("recheck.test")
@blp.arguments(RecheckWatchIn)
@blp.response(201, RecheckWatchOut)
@blp.refuses(404, 409)
def tell_first_lab(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """Tell the first laboratory when it may watch."""
    return perform(
        lambda uow: services.tell_first_lab(uow, recheck_id, body["begins_at"], body["place"]), RecheckWatchOut()
    )
