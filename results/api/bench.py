"""Worklists, entry, lock and return as JSON; as blind as the pages."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.uow import UnitOfWork, unit_of_work
from lims.web.api import ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import list_answer, page_of, read_cursor
from results import queries
from results.schemas import (
    CorrectionIn,
    CorrectionOut,
    ItemResultOut,
    ResultEntriesIn,
    ResultLockOut,
    ResultReasonIn,
    RetestIn,
    RetestOut,
    TestSetDetailOut,
    TestSetsIn,
    TestSetsOut,
    dumped,
)
from results.services.confirming import enter_retest
from results.services.entry import approve_correction, enter_results, propose_correction
from results.services.review import give_up, lock_results, return_results
from results.services.worklists import begin_testing
from results.types import Calculation, Entry, TestSetState

blp = ApiBlueprint("test_sets_api", __name__, url_prefix="/api/v1/test-sets", description="Blind sets and results")


def _detail(session: Session, code: str, lab_id: UUID) -> dict[str, Any]:
    test_set = queries.find_set(session, queries.as_code(code), lab_id)
    shown = {
        "blind_code": test_set.blind_code,
        "state": test_set.state,
        "product_date": test_set.product_date,
        "label_claims": test_set.label_claims,
        "opened_at": test_set.opened_at,
        "sample": queries.blind_facts(session, test_set),
        "lines": queries.list_lines(session, test_set.id),
        "returns": [one for one, _name in queries.list_returns(session, test_set.id)],
        "proposals": queries.open_proposals(session, test_set.id),
    }
    return dumped(TestSetDetailOut(), shown)


def _answered(uow: UnitOfWork, code: str) -> Any:
    uow.session.flush()
    return answer(uow, _detail(uow.session, code, uow.actor.require_organisation()))


@blp.route("", methods=["GET"])
@requires("results.bench")
@blp.arguments(TestSetsIn, location="query")
@blp.response(200, TestSetsOut)
@blp.refuses(401, 403, 422)
def list_sets(asked: Mapping[str, Any]) -> Any:
    """The sets of one's laboratory, the oldest first."""
    actor = current_actor()
    rows = queries.list_sets(
        db.session,
        actor.require_organisation(),
        [asked["state"]] if asked["state"] else list(TestSetState),
        now=clock.now(),
        tester_id=actor.person_id if asked["mine"] else None,
        search=asked["search"],
        after=read_cursor(asked["cursor"]),
        limit=asked["limit"] + 1,
    )
    return list_answer(page_of(rows, asked["limit"], lambda one: (one.opened_at, one.id)))


@blp.route("/<code>", methods=["GET"])
@requires("results.bench")
@blp.response(200, TestSetDetailOut)
@blp.refuses(401, 403, 404)
def get_set(code: str) -> Any:
    """One set with its items, their limits and the results that stand."""
    shown = _detail(db.session, code, current_actor().require_organisation())
    return shown, 200


@blp.route("/<code>/take", methods=["POST"])
@requires("results.test")
@blp.response(201, TestSetDetailOut)
@blp.refuses(401, 403, 404, 409)
def take_set(code: str) -> Any:
    """Begin to test a set, or join who does."""
    with unit_of_work(current_actor()) as uow:
        begin_testing(uow, queries.as_code(code))
        return _answered(uow, code)


@blp.route("/<code>/results", methods=["POST"])
@requires("results.test")
@blp.arguments(ResultEntriesIn)
@blp.response(201, TestSetDetailOut)
@blp.refuses(401, 403, 404, 409, 422)
def enter(body: Mapping[str, Any], code: str) -> Any:
    """Enter results, judged at once; all of them or none."""
    entries = [
        Entry(
            one["line_id"],
            one["text"],
            reason=one["reason"],
            untested_reason=one["untested_reason"],
            seen_version=one["seen_version"],
            calculation=Calculation(**one["calculation"]) if one["calculation"] else None,
        )
        for one in body["entries"]
    ]
    with unit_of_work(current_actor()) as uow:
        enter_results(uow, queries.as_code(code), entries)
        return _answered(uow, code)


@blp.route("/<code>/retests", methods=["POST"])
@requires("results.test")
@blp.arguments(RetestIn)
@blp.response(201, RetestOut)
@blp.refuses(401, 403, 404, 409, 422)
def test_again(body: Mapping[str, Any], code: str) -> Any:
    """Enter the second measurement of an item that failed, which its lock asks for."""
    with unit_of_work(current_actor()) as uow:
        return answer(uow, dumped(RetestOut(), enter_retest(uow, queries.as_code(code), body["line_id"], body["text"])))


@blp.route("/<code>/corrections", methods=["POST"])
@requires("results.test")
@blp.arguments(CorrectionIn)
@blp.response(201, CorrectionOut)
@blp.refuses(401, 403, 404, 409, 422)
def propose(body: Mapping[str, Any], code: str) -> Any:
    """Propose to replace a result whose lock was lifted."""
    with unit_of_work(current_actor()) as uow:
        entry = Entry(body["line_id"], body["text"], body["reason"])
        return answer(uow, dumped(CorrectionOut(), propose_correction(uow, queries.as_code(code), entry)))


@blp.route("/corrections/<uuid:proposal_id>/approval", methods=["POST"])
@requires("results.review")
@blp.response(201, ItemResultOut)
@blp.refuses(401, 403, 404, 409)
def approve(proposal_id: UUID) -> Any:
    """Let a proposed correction stand, as its second person."""
    with unit_of_work(current_actor()) as uow:
        return answer(uow, dumped(ItemResultOut(), approve_correction(uow, proposal_id)))


@blp.route("/<code>/lock", methods=["POST"])
@requires("results.review")
@blp.response(201, ResultLockOut)
@blp.refuses(401, 403, 404, 409)
def lock(code: str) -> Any:
    """Fix the results of a set as its reviewer."""
    with unit_of_work(current_actor()) as uow:
        return answer(uow, dumped(ResultLockOut(), lock_results(uow, queries.as_code(code))))


@blp.route("/<code>/return", methods=["POST"])
@requires("results.review")
@blp.arguments(ResultReasonIn)
@blp.response(201, TestSetDetailOut)
@blp.refuses(401, 403, 404, 409, 422)
def give_back(body: Mapping[str, Any], code: str) -> Any:
    """Give a set back to the bench."""
    with unit_of_work(current_actor(), reason=body["reason"]) as uow:
        return_results(uow, queries.as_code(code), body["reason"])
        return _answered(uow, code)


@blp.route("/<code>/give-up", methods=["POST"])
@requires("results.review")
@blp.arguments(ResultReasonIn)
@blp.response(201, TestSetDetailOut)
@blp.refuses(401, 403, 404, 409, 422)
def end_untested(body: Mapping[str, Any], code: str) -> Any:
    """End a set without a conclusion: the sample was not tested."""
    with unit_of_work(current_actor(), reason=body["reason"]) as uow:
        give_up(uow, queries.as_code(code), body["reason"])
        return _answered(uow, code)
