"""Plans, their categories, lines, approval and draw as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lims.auth.permissions import requires
from lims.db import db
from lims.errors import NotFoundError
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import CursorIn, list_answer, page_of, read_cursor
from sampling import queries
from sampling.api.problems import food_id, said
from sampling.schemas import (
    CeremonyIn,
    CeremonyOut,
    CommitmentIn,
    CommitmentOut,
    DrawOut,
    HoldIn,
    PlanCategoryIn,
    PlanCategoryOut,
    PlanIn,
    PlanLinesIn,
    PlanLinesOut,
    PlanOut,
    PlansOut,
    SamplingTaskOut,
    SecretIn,
    VisitIn,
    VisitsIn,
    VisitsOut,
)
from sampling.services import ceremonies
from sampling.services.draws import publish_draw
from sampling.services.plans import (
    PlanInput,
    StratumInput,
    approve_plan,
    close_plan,
    compute_plan,
    create_plan,
    set_category,
)
from sampling.services.visits import VisitInput, issue_visit

blp = ApiBlueprint("plans_api", __name__, url_prefix="/api/v1/plans", description="Sampling plans and their draws")


@blp.route("", methods=["GET"])
@requires("sampling.plan")
@blp.arguments(CursorIn, location="query")
@blp.response(200, PlansOut)
@blp.refuses(*READS)
def list_plans(asked: Mapping[str, Any]) -> Any:
    """The plans of one's organisation, the newest first."""
    rows = queries.list_plans(db.session, current_actor(), after=read_cursor(asked["cursor"]), limit=queries.PAGE + 1)
    page = page_of(rows, queries.PAGE, lambda row: (row.plan.created_at, row.plan.id))
    return list_answer(page, [row.plan for row in page.rows])


@blp.route("", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(PlanIn)
@blp.response(201, PlanOut)
@blp.refuses(*WRITES)
def post_plan(body: Mapping[str, Any]) -> Any:
    """Begin a plan."""
    with unit_of_work(current_actor()) as uow:
        made = create_plan(uow, PlanInput(**body))
        return said(answer(uow, PlanOut().dump(made)))


@blp.route("/<uuid:plan_id>", methods=["GET"])
@requires("sampling.plan")
@blp.response(200, PlanOut)
@blp.refuses(*READS)
def get_plan(plan_id: UUID) -> Any:
    """One plan."""
    return queries.get_plan(db.session, current_actor(), plan_id)


@blp.route("/<uuid:plan_id>/categories", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(PlanCategoryIn)
@blp.response(201, PlanCategoryOut)
@blp.refuses(*WRITES)
def post_category(body: Mapping[str, Any], plan_id: UUID) -> Any:
    """Say who samples and who tests a major category, and in which mode."""
    with unit_of_work(current_actor()) as uow:
        row = set_category(
            uow,
            plan_id,
            food_id(uow.session, body["category_code"], "category_code"),
            body["mode"],
            sampling_organisation_id=body["sampling_organisation_id"],
            lab_id=body["lab_id"],
        )
        return said(answer(uow, PlanCategoryOut().dump(row)))


@blp.route("/<uuid:plan_id>/lines", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(PlanLinesIn)
@blp.response(201, PlanLinesOut)
@blp.refuses(*WRITES)
def post_lines(body: Mapping[str, Any], plan_id: UUID) -> Any:
    """Compute the plan from its strata."""
    with unit_of_work(current_actor()) as uow:
        strata = [
            StratumInput(food_id(uow.session, one["food_category_code"]), one["place_kind"], **_figures(one))
            for one in body["strata"]
        ]
        lines = compute_plan(uow, plan_id, strata)
        return said(answer(uow, PlanLinesOut().dump({"items": lines})))


@blp.route("/<uuid:plan_id>/lines", methods=["GET"])
@requires("sampling.plan")
@blp.response(200, PlanLinesOut)
@blp.refuses(*READS)
def get_lines(plan_id: UUID) -> Any:
    """The lines of a plan, each with its reasons."""
    return {"items": [row.line for row in queries.list_lines(db.session, current_actor(), plan_id)]}


@blp.route("/<uuid:plan_id>/approval", methods=["POST"])
@requires("sampling.plan")
@blp.response(201, PlanOut)
@blp.refuses(*WRITES)
def post_approval(plan_id: UUID) -> Any:
    """Approve a plan that somebody else made."""
    with unit_of_work(current_actor()) as uow:
        return said(answer(uow, PlanOut().dump(approve_plan(uow, plan_id))))


@blp.route("/<uuid:plan_id>/closing", methods=["POST"])
@requires("sampling.plan")
@blp.response(201, PlanOut)
@blp.refuses(*WRITES)
def post_closing(plan_id: UUID) -> Any:
    """Close a plan whose visits are all over."""
    with unit_of_work(current_actor()) as uow:
        return said(answer(uow, PlanOut().dump(close_plan(uow, plan_id))))


@blp.route("/<uuid:plan_id>/draw/ceremony", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(CeremonyIn)
@blp.response(201, CeremonyOut)
@blp.refuses(*WRITES)
def post_ceremony(body: Mapping[str, Any], plan_id: UUID) -> Any:
    """Begin to prepare the draw."""
    with unit_of_work(current_actor()) as uow:
        made = ceremonies.open_ceremony(uow, plan_id, body["beacon_source"])
        return said(answer(uow, CeremonyOut().dump(made)))


@blp.route("/<uuid:plan_id>/draw/commitments", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(CommitmentIn)
@blp.response(201, CommitmentOut)
@blp.refuses(*WRITES)
def post_commitment(body: Mapping[str, Any], plan_id: UUID) -> Any:
    """Log what a party commits to."""
    with unit_of_work(current_actor()) as uow:
        made = ceremonies.take_commitment(uow, plan_id, body["party"], body["commitment"])
        return said(answer(uow, CommitmentOut().dump(made)))


@blp.route("/<uuid:plan_id>/draw/freeze", methods=["POST"])
@requires("sampling.plan")
@blp.response(201, CeremonyOut)
@blp.refuses(*WRITES)
def post_freeze(plan_id: UUID) -> Any:
    """Take no commitment any more, and freeze the frame."""
    with unit_of_work(current_actor()) as uow:
        return said(answer(uow, CeremonyOut().dump(ceremonies.close_commitments(uow, plan_id))))


@blp.route("/<uuid:plan_id>/draw/secrets", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(SecretIn)
@blp.response(201, CommitmentOut)
@blp.refuses(*WRITES)
def post_secret(body: Mapping[str, Any], plan_id: UUID) -> Any:
    """Open what a party committed to."""
    with unit_of_work(current_actor()) as uow:
        made = ceremonies.open_commitment(uow, plan_id, body["party"], body["secret"])
        return said(answer(uow, CommitmentOut().dump(made)))


@blp.route("/<uuid:plan_id>/draw", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(HoldIn)
@blp.response(201, DrawOut)
@blp.refuses(*WRITES)
def post_draw(body: Mapping[str, Any], plan_id: UUID) -> Any:
    """Hold the draw and issue the tasks."""
    with unit_of_work(current_actor()) as uow:
        draw = ceremonies.hold_draw(uow, plan_id, body["beacon_value"], body["fixed_at"], sorted(set(body["days"])))
        return said(answer(uow, DrawOut().dump(draw)))


@blp.route("/<uuid:plan_id>/draw", methods=["GET"])
@requires("sampling.plan")
@blp.response(200, DrawOut)
@blp.refuses(*READS)
def get_draw(plan_id: UUID) -> Any:
    """The draw of a plan."""
    draw = queries.get_draw(db.session, current_actor(), plan_id)
    if draw is None:
        raise NotFoundError
    return draw


@blp.route("/<uuid:plan_id>/draw/publication", methods=["POST"])
@requires("sampling.plan")
@blp.response(201, DrawOut)
@blp.refuses(*WRITES)
def post_publication(plan_id: UUID) -> Any:
    """Open the record of the draw to everybody."""
    draw = queries.get_draw(db.session, current_actor(), plan_id)
    if draw is None:
        raise NotFoundError
    with unit_of_work(current_actor()) as uow:
        return said(answer(uow, DrawOut().dump(publish_draw(uow, draw.id))))


@blp.route("/<uuid:plan_id>/tasks", methods=["GET"])
@requires("sampling.plan")
@blp.arguments(VisitsIn, location="query")
@blp.response(200, VisitsOut)
@blp.refuses(*READS)
def list_tasks(asked: Mapping[str, Any], plan_id: UUID) -> Any:
    """The visits of a plan by task number."""
    queries.get_plan(db.session, current_actor(), plan_id)
    (after,) = read_cursor(asked["cursor"], (str,)) or (None,)
    rows = queries.list_visits(
        db.session, current_actor(), plan_id, state=asked["state"], after=after, limit=queries.PAGE + 1
    )
    page = page_of(rows, queries.PAGE, lambda row: (row.task.task_no,))
    return list_answer(page, [row.task for row in page.rows])


@blp.route("/<uuid:plan_id>/tasks", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(VisitIn)
@blp.response(201, SamplingTaskOut)
@blp.refuses(*WRITES)
def post_task(body: Mapping[str, Any], plan_id: UUID) -> Any:
    """Send a team without a draw, within the standing plan."""
    values = {name: value for name, value in body.items() if name != "food_category_code"}
    with unit_of_work(current_actor()) as uow:
        food = food_id(uow.session, body["food_category_code"])
        task = issue_visit(uow, plan_id, VisitInput(**values, food_category_id=food))
        return said(answer(uow, SamplingTaskOut().dump(task)))


def _figures(stratum: Mapping[str, Any]) -> dict[str, Any]:
    return {name: stratum[name] for name in ("population", "floor", "ceiling", "statutory", "tests", "fails")}
