"""Pages of the business register and of signals."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.actors import OrganisationKind
from lims.auth.permissions import Role, requires
from lims.catalog.queries import ancestors, find_category
from lims.db import db
from lims.errors import InvalidInputError, LimsError, NotFoundError
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.people.queries import colleagues, list_organisations
from lims.uow import unit_of_work
from lims.web.current import current_actor
from lims.web.paging import BY_NAME, page_of, read_cursor
from sampling import queries
from sampling.plan_forms import BusinessForm, DismissForm, SignalForm, VisitForm
from sampling.services.businesses import BusinessInput, close_business, register_business
from sampling.services.signals import SignalInput, confirm_signal, dismiss_signal, take_signal
from sampling.services.visits import VisitInput, issue_visit
from sampling.types import AreaType, PlaceKind, SignalKind

bp = Blueprint("register", __name__, url_prefix="/plan")

MOST_WORDS = 60


@bp.route("/businesses")
@requires("sampling.plan")
def businesses() -> ResponseReturnValue:
    """The businesses that can be drawn."""
    words = request.args.get("q", "").strip().replace("\0", "")[:MOST_WORDS]
    after = read_cursor(request.args.get("after"), BY_NAME, field="after")
    rows = queries.list_businesses(
        db.session, current_actor(), words=words or None, after=after, limit=queries.PAGE + 1
    )
    shown, following = page_of(rows, queries.PAGE, lambda row: (row.business.name, row.business.id))
    next_url = url_for(".businesses", q=words or None, after=following) if following else None
    return render_template("sampling/register/index.html", rows=shown, words=words, next_url=next_url)


@bp.route("/businesses/new", methods=["GET", "POST"])
@requires("sampling.plan")
def register() -> ResponseReturnValue:
    """Put a business into the register."""
    own = current_actor().require_organisation()
    offices = [
        (str(one.id), bilingual(one))
        for one in list_organisations(db.session, (OrganisationKind.REGULATOR, OrganisationKind.STATION))
        if own in {one.id, one.superior_id}
    ]
    form = BusinessForm.fresh(offices, area_type=AreaType.URBAN.value)
    status = 200
    if form.validate_on_submit():
        try:
            foods = _foods(str(form.foods.data))
            values: dict[str, Any] = {name: (form[name].data or None) for name in _TEXTS}
            with unit_of_work(current_actor()) as uow:
                made = register_business(
                    uow,
                    BusinessInput(
                        **values,
                        area_type=AreaType(form.area_type.data),
                        place_kind=PlaceKind(form.place_kind.data),
                        regulator_id=UUID(str(form.regulator_id.data)),
                    ),
                    foods,
                )
                business_id = made.id
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("Registered. It can be drawn from now on."), "success")
            return redirect(url_for(".business", business_id=business_id), 303)
    elif form.is_submitted():
        status = 422
    return render_template("sampling/register/new.html", form=form), status


@bp.route("/businesses/<uuid:business_id>")
@requires("sampling.plan")
def business(business_id: UUID) -> ResponseReturnValue:
    """One business with the foods it can be drawn for."""
    found, foods = queries.get_business(db.session, current_actor(), business_id)
    return render_template("sampling/register/business.html", business=found, foods=foods)


@bp.route("/businesses/<uuid:business_id>/close", methods=["POST"])
@requires("sampling.plan")
def close(business_id: UUID) -> ResponseReturnValue:
    """Take a business that has closed out of the draws to come."""
    try:
        with unit_of_work(current_actor()) as uow:
            close_business(uow, business_id, clock.local_date(uow.now))
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("Closed. It is not drawn any more."), "success")
    return redirect(url_for(".business", business_id=business_id), 303)


@bp.route("/businesses/<uuid:business_id>/visit", methods=["GET", "POST"])
@requires("sampling.plan")
def visit(business_id: UUID) -> ResponseReturnValue:
    """Send a team there without a draw, within the year's standing plan."""
    actor, today = current_actor(), clock.local_date(clock.now())
    found, foods = queries.get_business(db.session, actor, business_id)
    plan = queries.get_standing_plan(db.session, actor, today.year)
    if plan is None:
        raise NotFoundError(_l("There is no approved standing plan for this year."))
    sampling = {
        row.sampling_organisation.id: row.sampling_organisation
        for row in queries.list_categories(db.session, actor, plan.id)
        if row.sampling_organisation is not None
    }
    majors = {ancestors(db.session, food.id)[0].id for food in foods}
    teams = [
        (row.category, queries.list_team(db.session, actor, plan.id, row.category.id, today))
        for row in queries.list_categories(db.session, actor, plan.id)
        if row.category.id in majors
    ]
    form = VisitForm.fresh(
        [(str(food.id), f"{food.code} {bilingual(food)}") for food in foods],
        [
            (str(one.person_id), f"{one.name} · {bilingual(organisation)}")
            for organisation in sampling.values()
            for one in colleagues(db.session, organisation.id, today, Role.SAMPLER)
        ],
        [
            (str(one.person_id), one.name)
            for one in colleagues(db.session, plan.organisation_id, today, Role.ACCOMPANYING_OFFICER)
        ],
    )
    if not form.is_submitted():
        form.planned_on.data = today  # a complaint does not wait
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(actor) as uow:
                task = issue_visit(
                    uow,
                    plan.id,
                    VisitInput(
                        business_id=business_id,
                        food_category_id=UUID(str(form.food_category_id.data)),
                        first_sampler_id=UUID(str(form.first_sampler_id.data)),
                        second_sampler_id=UUID(str(form.second_sampler_id.data)),
                        accompanying_officer_id=UUID(str(form.accompanying_officer_id.data)),
                        planned_on=form.planned_on.data or today,
                    ),
                )
                number = task.task_no
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("Task %(number)s is issued.", number=number), "success")
            return redirect(url_for("plans.tasks", plan_id=plan.id), 303)
    elif form.is_submitted():
        status = 422
    return render_template("sampling/register/visit.html", business=found, plan=plan, form=form, teams=teams), status


@bp.route("/signals", methods=["GET", "POST"])
@requires("sampling.plan")
def signals() -> ResponseReturnValue:
    """Signals: those to be decided on, and a form for a new one."""
    form = SignalForm.fresh()
    status = 200
    if form.validate_on_submit():
        try:
            food = str(form.food.data or "").strip().split(" ")[0]
            with unit_of_work(current_actor()) as uow:
                take_signal(
                    uow,
                    SignalInput(
                        kind=SignalKind(form.kind.data),
                        text=str(form.text.data),
                        weight=int(form.weight.data or 0),
                        expires_on=form.expires_on.data or clock.local_date(uow.now),
                        food_category_id=_foods(food)[0] if food else None,
                        source_reference=form.source_reference.data or None,
                    ),
                )
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("Signal taken in. It counts once somebody has confirmed it."), "success")
            return redirect(url_for(".signals"), 303)
    elif form.is_submitted():
        status = 422
    page = render_template(
        "sampling/register/signals.html",
        form=form,
        dismiss=DismissForm(formdata=None),
        signals=queries.list_signals(db.session, current_actor()),
    )
    return page, status


@bp.route("/signals/<uuid:signal_id>/<any(confirm,dismiss):act>", methods=["POST"])
@requires("sampling.plan")
def decide(signal_id: UUID, act: str) -> ResponseReturnValue:
    """Confirm a signal, or put it aside with a reason."""
    try:
        with unit_of_work(current_actor()) as uow:
            if act == "confirm":
                confirm_signal(uow, signal_id)
            else:
                dismiss_signal(uow, signal_id, str(DismissForm().reason.data or ""))
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("Decided."), "success")
    return redirect(url_for(".signals"), 303)


_TEXTS = (
    "name",
    "address",
    "stall_no",
    "region_code",
    "uscc",
    "uscc_note",
    "licence_kind",
    "licence_no",
    "legal_person",
    "contact",
    "phone",
    "market_organiser",
    "platform",
    "shop_url",
)


def _foods(text: str) -> list[UUID]:
    """The categories of codes divided by spaces or commas.

    Raises:
        InvalidInputError: there is no such code.
    """
    found = []
    for code in text.replace(",", " ").replace("，", " ").replace("、", " ").split():
        category = find_category(db.session, code)
        if category is None:
            raise InvalidInputError(_l("There is no food category %(code)s.", code=code), field="foods")
        found.append(category.id)
    return found
