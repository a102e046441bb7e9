"""Cases, their branches and notices as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.web.api import ApiBlueprint, perform
from lims.web.current import current_actor
from lims.web.paging import CursorIn, list_answer, page_of, read_cursor
from results.referral import queries, services
from results.referral.schemas import (
    BranchOut,
    CaseOut,
    DispatchIn,
    NoticesOut,
    PartIn,
    PartOut,
    ReasonIn,
    ReferralOut,
    ReferralsOut,
    ServiceIn,
    ServiceOut,
    TransferIn,
)
from results.referral.types import HandlingPart, ServiceProof

blp = ApiBlueprint("cases_api", __name__, url_prefix="/api/v1", description="Cases of samples that failed")

PARTS = ",".join(f"'{part.value}'" for part in HandlingPart)


@blp.route("/referrals", methods=["GET"])
@requires("cases.see")
@blp.arguments(CursorIn, location="query")
@blp.response(200, ReferralsOut)
@blp.refuses(401, 422)
def list_referrals(asked: Mapping[str, Any]) -> Any:
    """Cases of which one may see a branch, the newest first."""
    after = read_cursor(asked["cursor"])
    rows = queries.list_referrals(db.session, current_actor(), after=after, limit=queries.PAGE + 1)
    return list_answer(page_of(rows, queries.PAGE, lambda one: (one.opened_at, one.id)))


@blp.route("/referrals/<uuid:referral_id>", methods=["GET"])
@requires("cases.see")
@blp.response(200, CaseOut)
@blp.refuses(404)
def get_referral(referral_id: UUID) -> Any:
    """One case with the branches one may see."""
    referral = queries.get_referral(db.session, current_actor(), referral_id)
    branches = queries.list_branches(db.session, current_actor(), referral_id)
    return {name: getattr(referral, name) for name in ReferralOut().fields} | {"branches": branches}


@blp.route("/referrals/<uuid:referral_id>/urgency", methods=["POST"])
@requires("cases.handle")
@blp.arguments(ReasonIn)
@blp.response(201, ReferralOut)
@blp.refuses(404, 409)
def raise_severity(body: Mapping[str, Any], referral_id: UUID) -> Any:
    """Put a case into the 24-hour lane."""
    return perform(lambda uow: services.raise_severity(uow, referral_id, body["reason"]), ReferralOut())


@blp.route("/branches/<uuid:branch_id>/acknowledgement", methods=["POST"])
@requires("cases.handle")
@blp.response(201, BranchOut)
@blp.refuses(404, 409)
def acknowledge(branch_id: UUID) -> Any:
    """Take note of a branch."""
    return perform(lambda uow: services.acknowledge(uow, branch_id), BranchOut())


@blp.route("/branches/<uuid:branch_id>/dispatch", methods=["POST"])
@requires("cases.handle")
@blp.arguments(DispatchIn)
@blp.response(201, BranchOut)
@blp.refuses(404, 409)
def dispatch(body: Mapping[str, Any], branch_id: UUID) -> Any:
    """Give a branch to a station."""
    return perform(lambda uow: services.dispatch(uow, branch_id, body["station_id"], body["note"]), BranchOut())


@blp.route("/branches/<uuid:branch_id>/acceptance", methods=["POST"])
@requires("cases.handle")
@blp.response(201, BranchOut)
@blp.refuses(404, 409)
def accept(branch_id: UUID) -> Any:
    """Take a branch over, as its station."""
    return perform(lambda uow: services.accept_branch(uow, branch_id), BranchOut())


@blp.route("/branches/<uuid:branch_id>/return", methods=["POST"])
@requires("cases.handle")
@blp.arguments(ReasonIn)
@blp.response(201, BranchOut)
@blp.refuses(404, 409)
def give_back(body: Mapping[str, Any], branch_id: UUID) -> Any:
    """Send a branch back to the bureau, or call it back."""
    return perform(lambda uow: services.return_branch(uow, branch_id, body["reason"]), BranchOut())


@blp.route("/branches/<uuid:branch_id>/transfer", methods=["POST"])
@requires("cases.handle")
@blp.arguments(TransferIn)
@blp.response(201, BranchOut)
@blp.refuses(404, 409)
def transfer(body: Mapping[str, Any], branch_id: UUID) -> Any:
    """Note the letter to the regulator of another region."""
    return perform(lambda uow: services.transfer(uow, branch_id, body["to_regulator"], body["letter_no"]), BranchOut())


@blp.route("/branches/<uuid:branch_id>/closing", methods=["POST"])
@requires("cases.handle")
@blp.response(201, BranchOut)
@blp.refuses(404, 409)
def close(branch_id: UUID) -> Any:
    """Close a branch in which everything is in place."""
    return perform(lambda uow: services.close_branch(uow, branch_id), BranchOut())


@blp.route(f"/branches/<uuid:branch_id>/parts/<any({PARTS}):part>", methods=["POST"])
@requires("cases.handle")
@blp.arguments(PartIn)
@blp.response(201, PartOut)
@blp.refuses(404, 409, 422)
def save_part(body: Mapping[str, Any], branch_id: UUID, part: str) -> Any:
    """Keep what one of the seven parts says; handed in, it counts."""
    return perform(
        lambda uow: services.save_part(
            uow,
            branch_id,
            HandlingPart(part),
            body["facts"],
            submit=body["submit"],
            change_reason=body["change_reason"],
        ),
        PartOut(),
    )


@blp.route("/notices", methods=["GET"])
@requires("notices.serve")
@blp.arguments(CursorIn, location="query")
@blp.response(200, NoticesOut)
@blp.refuses(401, 422)
def list_notices(asked: Mapping[str, Any]) -> Any:
    """Notices that wait to be served, the most urgent first."""
    after = read_cursor(asked["cursor"])
    rows = queries.list_unserved(db.session, current_actor(), clock.now(), after=after, limit=queries.PAGE + 1)
    page = page_of(rows, queries.PAGE, lambda row: (row.notice.due_at, row.notice.id))
    return list_answer(page, [row.notice for row in page.rows])


@blp.route("/notices/<uuid:notice_id>/service", methods=["POST"])
@requires("notices.serve")
@blp.arguments(ServiceIn)
@blp.response(201, ServiceOut)
@blp.refuses(404, 409, 422)
def serve(body: Mapping[str, Any], notice_id: UUID) -> Any:
    """Note how a notice reached its addressee."""
    proof = ServiceProof(
        way=body["way"],
        served_on=body["served_on"],
        receiver=body["receiver"],
        text=body["proof_text"],
        objects=body["objects"],
    )
    return perform(lambda uow: services.serve_notice(uow, notice_id, proof), ServiceOut())
