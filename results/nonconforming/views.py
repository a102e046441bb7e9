"""The register of nonconforming work, and one of it with its steps, its batches and the reports it affects."""

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import InvalidInputError, NotFoundError
from lims.forms import PageForm
from lims.i18n import gettext as _
from lims.people.queries import colleagues, person_names
from lims.uow import UnitOfWork
from lims.web.acts import carry_out
from lims.web.current import current_actor
from lims.web.paging import page_of, read_cursor
from results.nonconforming import queries, services, words
from results.nonconforming.forms import CheckForm, ImpactForm, LinkForm, PlanForm, RaiseForm, TextForm
from results.nonconforming.models import Nonconformity
from results.nonconforming.rules import is_overdue
from results.nonconforming.types import Source

bp = Blueprint("nonconforming", __name__, url_prefix="/quality/nonconforming")

MANAGE = "results.nonconforming_manage"


@bp.route("/")
@requires("results.nonconforming")
def index() -> ResponseReturnValue:
    """The register of one's laboratory, the newest first."""
    lab_id = current_actor().require_organisation()
    show = "all" if request.args.get("show") == "all" else "open"
    found = queries.list_nonconformities(
        db.session,
        lab_id,
        only_open=show == "open",
        after=read_cursor(request.args.get("after"), field="after"),
        limit=queries.PAGE + 1,
    )
    rows, more = page_of(found, queries.PAGE, lambda row: (row.raised_at, row.id))
    today = clock.local_date(clock.now())
    return render_template(
        "results/nonconforming/index.html",
        show=show,
        rows=rows,
        more=more,
        words=words,
        overdue={row.id for row in rows if is_overdue(row.state, row.due_on, today)},
        people=person_names(db.session, {row.responsible_id for row in rows if row.responsible_id}),
    )


@bp.route("/new", methods=["GET", "POST"])
@requires("results.nonconforming")
def create() -> ResponseReturnValue:
    """Raise nonconforming work; a batch or a sample may come along from where it was found."""
    form = RaiseForm()
    if not form.is_submitted():
        form.batch_no.data = request.args.get("batch", "").replace("\0", "")
        form.blind_code.data = request.args.get("code", "").replace("\0", "")
        form.found_on.data = clock.local_date(clock.now())
        form.source.data = (Source.QUALITY_CONTROL if form.batch_no.data else Source.OTHER).value
    made: list[str] = []

    def act(uow: UnitOfWork) -> None:
        assert form.found_on.data is not None  # noqa: S101 - the form was valid
        try:
            found = services.raise_nonconformity(
                uow,
                form.kind(),
                form.what.data or "",
                form.found_on.data,
                batch_no=form.batch_no.data or "",
                blind_code=form.blind_code.data or "",
            )
        except NotFoundError as error:
            raise _no_such(form, error) from error
        made.append(found.nonconformity_no)

    status = carry_out(form, act)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Raised as %(number)s.", number=made[0]), "success")
        return redirect(url_for(".detail", number=made[0]), status)
    return render_template("results/nonconforming/new.html", form=form), status


@bp.route("/<number>")
@requires("results.nonconforming")
def detail(number: str) -> ResponseReturnValue:
    """One of the register: steps, what it touches, and the reports that stand on it."""
    return _page(_get(number))


@bp.route("/<number>/<any(plan,carried_out,check,dismiss,link):act>", methods=["POST"])
@requires("results.nonconforming")
def move(number: str, act: str) -> ResponseReturnValue:
    """Take a step; what is refused stands in its form on the page."""
    found = _get(number)
    if act in {"plan", "check", "dismiss"} and not current_actor().may(MANAGE):
        raise NotFoundError
    form, carried = _act(number, act)
    status = carry_out(form, carried)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Noted."), "success")
        return redirect(url_for(".detail", number=number), status)
    return _page(found, {act: form}), status


def _act(number: str, act: str) -> tuple[PageForm, Callable[[UnitOfWork], None]]:
    """The form of a step, and what it does when it is valid."""
    if act == "plan":
        plan = _plan_form()
        return plan, lambda uow: services.plan_action(uow, number, plan.plan())
    if act == "check":
        check = CheckForm()
        return check, lambda uow: services.check_effect(
            uow, number, check.text.data or "", is_effective=check.outcome.data == "effective"
        )
    if act == "link":
        link = LinkForm()
        return link, lambda uow: _link(uow, number, link)
    text = TextForm()
    if act == "dismiss":
        return text, lambda uow: services.dismiss(uow, number, text.text.data or "")
    may_manage = current_actor().may(MANAGE)
    return text, lambda uow: services.carry_out(uow, number, text.text.data or "", may_manage=may_manage)


@bp.route("/<number>/reports/<uuid:report_id>", methods=["GET", "POST"])
@requires(MANAGE)
def decide(number: str, report_id: UUID) -> ResponseReturnValue:
    """Say what it means for one report."""
    found = _get(number)
    row = next((one for one in queries.affected_reports(db.session, found.id) if one.report.id == report_id), None)
    if row is None:
        raise NotFoundError
    form = ImpactForm()
    status = carry_out(
        form, lambda uow: services.decide_impact(uow, number, report_id, form.decided(), form.reason.data or "")
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Decided."), "success")
        return redirect(url_for(".detail", number=number), status)
    return render_template("results/nonconforming/impact.html", form=form, row=row, found=found), status


def _get(number: str) -> Nonconformity:
    return queries.get_nonconformity(db.session, current_actor().require_organisation(), number.replace("\0", ""))


def _link(uow: UnitOfWork, number: str, form: LinkForm) -> None:
    try:
        if (form.batch_no.data or "").strip():
            services.link_batch(uow, number, form.batch_no.data or "")
        if (form.blind_code.data or "").strip():
            services.link_sample(uow, number, form.blind_code.data or "")
    except NotFoundError as error:
        raise _no_such(form, error) from error


def _no_such(form: RaiseForm | LinkForm, error: NotFoundError) -> InvalidInputError:
    """A batch or code that is not there, beside its field and with what was typed."""
    is_batch = bool((form.batch_no.data or "").strip()) and "code" not in str(error).lower()
    typed = form.batch_no.data if is_batch else form.blind_code.data
    return InvalidInputError(
        _("There is no “%(typed)s” in this laboratory.", typed=(typed or "")[:60]),
        field="batch_no" if is_batch else "blind_code",
    )


def _plan_form() -> PlanForm:
    form = PlanForm()
    form.offer(colleagues(db.session, current_actor().require_organisation(), clock.local_date(clock.now())))
    return form


def _page(found: Nonconformity, sent: dict[str, PageForm] | None = None) -> str:
    forms: dict[str, PageForm] = {
        "plan": _plan_form(),
        "carried_out": TextForm(formdata=None),
        "check": CheckForm(formdata=None),
        "dismiss": TextForm(formdata=None),
        "link": LinkForm(formdata=None),
    } | (sent or {})
    may_manage = current_actor().may(MANAGE)
    own = current_actor().person_id
    return render_template(
        "results/nonconforming/detail.html",
        words=words,
        found=found,
        forms=forms,
        steps=queries.steps_of(db.session, found.id),
        batches=queries.batches_of(db.session, found.id),
        samples=queries.samples_of(db.session, found.id),
        reports=queries.affected_reports(db.session, found.id) if may_manage else [],
        may_manage=may_manage,
        may_carry_out=may_manage or found.responsible_id == own,
        may_check=may_manage and own not in {found.carried_out_by_id, found.responsible_id},
        may_dismiss=may_manage and own != found.raised_by_id,
        is_overdue=is_overdue(found.state, found.due_on, clock.local_date(clock.now())),
        people=person_names(db.session, {one for one in (found.responsible_id, found.raised_by_id) if one}),
    )
