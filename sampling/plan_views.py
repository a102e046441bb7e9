"""Pages of the planner: plans and their coverage, who does what, how many samples of what and why, approval."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from citizen_votes.queries import COUNTED, list_rounds
from lims import clock
from lims.auth.permissions import requires
from lims.catalog.queries import find_category, list_majors, subtree_ids
from lims.db import db
from lims.errors import InvalidInputError, LimsError
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.uow import unit_of_work
from lims.web.acts import press
from lims.web.current import current_actor
from lims.web.paging import page_of, read_cursor
from lims.web.panels import panels_for, steps_for
from sampling import queries
from sampling.models import PlanLine, SamplingPlan
from sampling.plan_forms import CategoryForm, LinesForm, PlanForm
from sampling.rules.allocation import BLENDED, PART_NAMES, PPM, Part, Shares, Stratum, compare_policies
from sampling.services.plans import (
    PlanInput,
    StratumInput,
    approve_plan,
    close_plan,
    compute_plan,
    create_plan,
    set_category,
)
from sampling.services.release import DutyKey, release_plan_duty
from sampling.services.tasks import withdraw_task
from sampling.types import PlaceKind, PlanKind, PlanState, SeparationMode, TaskCategory, TaskState
from sampling.words import explain_line

bp = Blueprint("plans", __name__, url_prefix="/plan")

SUBJECT = "plan"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the plan would be under other shares: one number for each line, in the order of the plan."""

    name: Any
    samples: Sequence[int]


@bp.route("/")
@requires("sampling.plan")
def index() -> ResponseReturnValue:
    """The plans of one's organisation, with how far they have come."""
    rows = queries.list_plans(db.session, current_actor())
    return render_template("sampling/plans/index.html", rows=rows)


@bp.route("/new", methods=["GET", "POST"])
@requires("sampling.plan")
def create() -> ResponseReturnValue:
    """Begin a plan."""
    rounds = [
        (str(one.id), bilingual(one, "title"))
        for one in list_rounds(db.session, organisation_id=current_actor().require_organisation())
        if one.state in COUNTED
    ]
    form = PlanForm.fresh(rounds)
    if form.year.data is None:
        form.year.data = clock.local_date(clock.now()).year
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                made = create_plan(
                    uow,
                    PlanInput(
                        title_zh=str(form.title_zh.data),
                        title_en=str(form.title_en.data),
                        year=int(form.year.data),
                        kind=PlanKind(form.kind.data),
                        task_category=TaskCategory(form.task_category.data),
                        report_class_a=str(form.report_class_a.data),
                        report_class_b=str(form.report_class_b.data),
                        budget=form.budget.data,
                        shares=form.shares,
                        pick_round_id=form.round_id,
                    ),
                )
                plan_id = made.id
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("Plan begun. Say now who samples and who tests."), "success")
            return redirect(url_for(".detail", plan_id=plan_id), 303)
    elif form.is_submitted():
        status = 422
    return render_template("sampling/plans/create.html", form=form), status


@bp.route("/<uuid:plan_id>")
@requires("sampling.plan")
def detail(plan_id: UUID) -> ResponseReturnValue:
    """One plan: coverage, categories, lines with their reasons, what other shares would give, the draw."""
    actor = current_actor()
    plan = queries.get_plan(db.session, actor, plan_id)
    lines = queries.list_lines(db.session, actor, plan_id)
    categories = queries.list_categories(db.session, actor, plan_id)
    return render_template(
        "sampling/plans/detail.html",
        plan=plan,
        lines=lines,
        categories=categories,
        who={row.category.id: row for row in categories},
        coverage=queries.add_up(row.coverage for row in lines),
        explain=explain_line,
        parts=[(part.value, PART_NAMES[part]) for part in Part],
        shares=shares_in_words(plan),
        policies=policies_of(plan, [row.line for row in lines]),
        draw=queries.get_draw(db.session, actor, plan_id),
        duties=queries.list_duties(db.session, actor, plan_id),
        is_open=plan.state in {PlanState.DRAFT, PlanState.COMPUTED},
        is_own=plan.created_by_id == actor.person_id,
        panels=panels_for(SUBJECT, db.session, actor, plan_id),
        steps=steps_for(SUBJECT, db.session, actor, plan_id),
    )


@bp.route("/<uuid:plan_id>/category", methods=["GET", "POST"])
@requires("sampling.plan")
def category(plan_id: UUID) -> ResponseReturnValue:
    """Who samples and who tests one major category; who is free, and why not."""
    actor = current_actor()
    plan = queries.get_plan(db.session, actor, plan_id)
    majors = list_majors(db.session, plan.tree_version)
    chosen = _known_major(majors, request.values.get("category_id"))
    standing = next(
        (row.row for row in queries.list_categories(db.session, actor, plan_id) if row.category.id == chosen), None
    )
    today = clock.local_date(clock.now())
    candidates = list(queries.list_candidates(db.session, actor, plan_id, chosen, today))
    form = CategoryForm.fresh(
        list(majors),
        candidates,
        category_id=str(chosen) if chosen else None,
        mode=(standing.mode if standing else SeparationMode.EXTERNAL).value,
        sampling_organisation_id=str(standing.sampling_organisation_id) if standing else None,
        lab_id=str(standing.lab_id) if standing else None,
    )
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(actor) as uow:
                set_category(
                    uow,
                    plan_id,
                    UUID(str(form.category_id.data)),
                    SeparationMode(form.mode.data),
                    sampling_organisation_id=UUID(str(form.sampling_organisation_id.data)),
                    lab_id=UUID(str(form.lab_id.data)),
                )
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("Noted who samples and who tests."), "success")
            return redirect(url_for(".detail", plan_id=plan_id), 303)
    elif form.is_submitted():
        status = 422
    page = render_template("sampling/plans/category.html", plan=plan, form=form, candidates=candidates)
    return page, status


@bp.route("/<uuid:plan_id>/lines", methods=["GET", "POST"])
@requires("sampling.plan")
def lines(plan_id: UUID) -> ResponseReturnValue:
    """The strata with their bounds and figures; sent, the plan is computed."""
    actor = current_actor()
    plan = queries.get_plan(db.session, actor, plan_id)
    form = LinesForm.fresh(None if request.method == "POST" else _rows_of(plan_id))
    status = 200
    if form.validate_on_submit():
        try:
            strata = _strata(form)
            with unit_of_work(actor) as uow:
                compute_plan(uow, plan_id, strata)
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("Computed. Each line says why it has its number."), "success")
            return redirect(url_for(".detail", plan_id=plan_id) + "#lines", 303)
    elif form.is_submitted():
        status = 422
    return render_template("sampling/plans/lines.html", plan=plan, form=form), status


@bp.route("/<uuid:plan_id>/approve", methods=["POST"])
@requires("sampling.plan")
def approve(plan_id: UUID) -> ResponseReturnValue:
    """Approve a plan that somebody else made."""
    queries.get_plan(db.session, current_actor(), plan_id)
    if press(lambda uow: approve_plan(uow, plan_id)):
        flash(_("Approved. The draw can be prepared."), "success")
    return redirect(url_for(".detail", plan_id=plan_id), 303)


@bp.route("/<uuid:plan_id>/close", methods=["POST"])
@requires("sampling.plan")
def close(plan_id: UUID) -> ResponseReturnValue:
    """Close a plan whose visits are all over."""
    queries.get_plan(db.session, current_actor(), plan_id)
    if press(lambda uow: close_plan(uow, plan_id)):
        flash(_("The plan is closed."), "success")
    return redirect(url_for(".detail", plan_id=plan_id), 303)


@bp.route("/<uuid:plan_id>/duties/release", methods=["POST"])
@requires("sampling.plan")
def release(plan_id: UUID) -> ResponseReturnValue:
    """Give back a side that nobody acted on and no visit needs."""
    if press(lambda uow: release_plan_duty(uow, plan_id, DutyKey.read(request.form))):
        flash(_("Given back."), "success")
    return redirect(url_for(".detail", plan_id=plan_id) + "#duties", 303)


@bp.route("/tasks/<uuid:task_id>/withdraw", methods=["POST"])
@requires("sampling.plan")
def withdraw(task_id: UUID) -> ResponseReturnValue:
    """Take a visit back before it was made."""
    plan_id = queries.get_task(db.session, current_actor(), task_id).plan_id
    reason = request.form.get("reason", "").replace("\0", "")[:1000]
    if press(lambda uow: withdraw_task(uow, task_id, reason)):
        flash(_("Taken back."), "success")
    return redirect(url_for(".tasks", plan_id=plan_id, state=TaskState.ISSUED.value), 303)


@bp.route("/<uuid:plan_id>/tasks")
@requires("sampling.plan")
def tasks(plan_id: UUID) -> ResponseReturnValue:
    """The visits of a plan and what came of them."""
    actor = current_actor()
    plan = queries.get_plan(db.session, actor, plan_id)
    given = request.args.get("state")
    state = TaskState(given) if given in set(TaskState) else None
    (after,) = read_cursor(request.args.get("after"), (str,), field="after") or (None,)
    visits = queries.list_visits(db.session, actor, plan_id, state=state, after=after, limit=queries.PAGE + 1)
    shown, following = page_of(visits, queries.PAGE, lambda visit: (visit.task.task_no,))
    return render_template(
        "sampling/plans/tasks.html",
        plan=plan,
        visits=shown,
        state=state,
        states=list(TaskState),
        next_url=(
            url_for(".tasks", plan_id=plan_id, state=state.value if state else None, after=following)
            if following
            else None
        ),
    )


def shares_in_words(plan: SamplingPlan) -> str:
    """How the free part of a plan was divided, for people: `precision 40 %, risk 40 %, votes 20 %`."""
    shares = Shares.parse(plan.shares["text"])
    return _(", ").join(
        f"{PART_NAMES[part]} {(Decimal(ppm) * 100 / PPM).normalize():f} %"
        for part, ppm in zip(BLENDED, shares, strict=True)
        if ppm
    )


def policies_of(plan: SamplingPlan, lines: Sequence[PlanLine]) -> list[Policy]:
    """What each line would have under other shares, from the very inputs the plan was computed from."""
    given = {row["code"]: row for row in plan.inputs.get("strata", ())}
    if plan.budget is None or not given:
        return []
    strata = [
        Stratum(
            code=code,
            population=row["population"],
            floor=row["floor"],
            ceiling=row["ceiling"],
            statutory=row["statutory"],
            votes=int(row["votes"]),
            tests=row["tests"],
            fails=row["fails"],
            parent=row["parent"],
        )
        for code, row in given.items()
    ]
    answers = compare_policies(strata, plan.budget, seed=plan.seed)
    place = {stratum.code: number for number, stratum in enumerate(strata)}
    ordered = [place[line.stratum] for line in lines]
    names = {Part.NEYMAN: _l("Only precision"), Part.RISK: _l("Only risk")}
    if any(stratum.votes for stratum in strata):
        names[Part.VOTES] = _l("Only votes")
    return [
        Policy(_l("This plan"), [line.samples for line in lines]),
        *(Policy(names[part], [answers[part][number] for number in ordered]) for part in names),
    ]


def _known_major(majors: Sequence[Any], given: str | None) -> UUID | None:
    return next((major.id for major in majors if str(major.id) == given), majors[0].id if majors else None)


def _rows_of(plan_id: UUID) -> list[dict[str, Any]]:
    """The lines as they stand, for another computation; in a fresh plan, what the round offered."""
    rows = [
        {
            "food": row.food.code,
            "place_kind": row.line.place_kind.value,
            **{
                name: row.line.figures.get(name)
                for name in ("population", "floor", "ceiling", "statutory", "tests", "fails")
            },
        }
        for row in queries.list_lines(db.session, current_actor(), plan_id)
    ]
    return rows or queries.offered_lines(db.session, current_actor(), plan_id)


def _strata(form: LinesForm) -> list[StratumInput]:
    """The rows as the service takes them; an empty population is what the register holds.

    Raises:
        InvalidInputError: a food that does not exist.
    """
    wanted: list[tuple[dict[str, Any], UUID]] = []
    for number, entry in enumerate(form.lines, start=1):
        row = entry.form.data
        code = (row["food"] or "").strip().split(" ")[0]
        if not code:
            continue
        food = find_category(db.session, code)
        if food is None:
            raise InvalidInputError(
                _l("Line %(number)s: there is no food category %(code)s.", number=number, code=code)
            )
        wanted.append((row, food.id))
    counted = queries.count_businesses(
        db.session,
        current_actor(),
        [(subtree_ids(db.session, food_id), PlaceKind(row["place_kind"])) for row, food_id in wanted],
    )
    return [
        StratumInput(
            food_id,
            PlaceKind(row["place_kind"]),
            population=row["population"] if row["population"] is not None else businesses,
            floor=row["floor"] or 0,
            ceiling=row["ceiling"],
            statutory=row["statutory"] or 0,
            tests=row["tests"] or 0,
            fails=row["fails"] or 0,
        )
        for (row, food_id), businesses in zip(wanted, counted, strict=True)
    ]
