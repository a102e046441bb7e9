"""Pages of the quality office: checks put among the samples of the bench, and how the laboratory did."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from chain_of_custody import printing
from chain_of_custody.forms import LabelForm
from chain_of_custody.queries import count_prints, list_prints
from chain_of_custody.services import note_print
from chain_of_custody.types import LabelKind
from lims.auth.permissions import requires
from lims.catalog.queries import find_category, list_check_items, list_methods_of, list_tested_categories
from lims.db import db
from lims.errors import NotFoundError
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.people.queries import person_names
from lims.uow import UnitOfWork
from lims.web.acts import carry_out
from lims.web.current import current_actor
from lims.web.paging import PAGE, page_of, read_cursor
from results.blind_checks import queries, services
from results.blind_checks.forms import EXPECTED, EvaluationForm, FoodForm, KnownForm, SplitForm
from results.queries import set_of_sample
from results.types import TestSetState

bp = Blueprint("blind_checks", __name__, url_prefix="/quality/blind-checks")


@bp.route("/")
@requires("results.blind_check")
def index() -> ResponseReturnValue:
    """The checks of the laboratory, the newest first."""
    rows = queries.list_checks(
        db.session,
        current_actor().require_organisation(),
        after=read_cursor(request.args.get("cursor")),
        limit=PAGE + 1,
    )
    shown, following = page_of(rows, PAGE, lambda row: (row.check.prepared_at, row.check.sample_id))
    return render_template(
        "results/blind_checks/index.html",
        names=bilingual,
        rows=shown,
        next_url=url_for(".index", cursor=following) if following else None,
        foods=FoodForm.among(list_tested_categories(db.session)),
    )


@bp.route("/<uuid:sample_id>", methods=["GET", "POST"])
@requires("results.blind_check")
def detail(sample_id: UUID) -> ResponseReturnValue:
    """One check: what is known, what was found, how it is scored; evaluated here once its results are locked."""
    form = EvaluationForm()
    status = carry_out(form, lambda uow: services.evaluate_check(uow, sample_id, form.conclusion.data or ""))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Evaluated."), "success")
        return redirect(url_for(".detail", sample_id=sample_id), status)
    row = queries.get_check(db.session, current_actor().require_organisation(), sample_id)
    return render_template(
        "results/blind_checks/detail.html",
        names=bilingual,
        form=form,
        row=row,
        check=row.check,
        lines=queries.lines_of(db.session, row.check),
        expected=EXPECTED,
        can_evaluate=row.check.outcome is None and row.state is TestSetState.LOCKED,
        printed=count_prints(db.session, sample_id),
    ), status


@bp.route("/splits/new", methods=["GET", "POST"])
@requires("results.blind_check")
def split() -> ResponseReturnValue:
    """Split a part off a sample that is on the bench."""
    form = SplitForm()
    made: list[UUID] = []

    def prepare(uow: UnitOfWork) -> None:
        made.append(services.prepare_split(uow, str(form.blind_code.data), form.percent(), form.container()).sample_id)

    status = carry_out(form, prepare)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("It is on the bench. Print its blind label and put it on the container."), "success")
        return redirect(url_for(".detail", sample_id=made[0]), status)
    return render_template("results/blind_checks/split.html", form=form), status


@bp.route("/known/new", methods=["GET", "POST"])
@requires("results.blind_check")
def known() -> ResponseReturnValue:
    """Put in a material whose content is known, given out as a food."""
    category = find_category(db.session, request.args.get("food", ""))
    if category is None:
        raise NotFoundError
    items = [item for _check, item in list_check_items(db.session, category.id)]
    items = list({item.id: item for item in items}.values())
    methods = list_methods_of(db.session, [item.id for item in items])
    form = KnownForm.for_items(items, [next((one.unit for one in methods[item.id]), "") for item in items])
    made: list[UUID] = []

    def prepare(uow: UnitOfWork) -> None:
        known = form.known_values()
        made.append(services.prepare_known(uow, category.id, form.described(), known, form.container()).sample_id)

    status = carry_out(form, prepare)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("It is on the bench. Print its blind label and put it on the container."), "success")
        return redirect(url_for(".detail", sample_id=made[0]), status)
    return render_template(
        "results/blind_checks/known.html",
        names=bilingual,
        form=form,
        category=category,
        items={str(one.id): one for one in items},
    ), status


@bp.route("/<uuid:sample_id>/label", methods=["GET", "POST"])
@requires("results.blind_check")
def label(sample_id: UUID) -> ResponseReturnValue:
    """The blind label of a check, which looks like any other."""
    row = queries.get_check(db.session, current_actor().require_organisation(), sample_id)
    test_set = set_of_sample(db.session, sample_id)
    form = LabelForm()
    content = printing.bench_label(
        row.blind_code, test_set.storage_condition, test_set.storage_celsius, row.check.prepared_at
    )
    written: list[bytes] = []

    def write(uow: UnitOfWork) -> None:
        order = form.order()
        written.append(printing.write_labels([content], order))
        note_print(uow, sample_id, LabelKind.BLIND, order.written_in, form.reason.data)

    status = carry_out(form, write)
    if status == HTTPStatus.SEE_OTHER:
        written_in = form.order().written_in
        answer = Response(written[0], content_type=printing.MEDIA_TYPES[written_in])
        answer.headers["Content-Disposition"] = f'inline; filename="{row.blind_code}.{written_in.value}"'
        return answer
    prints = list_prints(db.session, sample_id, LabelKind.BLIND)
    return render_template(
        "chain_of_custody/labels.html",
        form=form,
        action=url_for(".label", sample_id=sample_id),
        block=None,
        kind=LabelKind.BLIND,
        prints=prints,
        people=person_names(db.session, {one.printed_by_id for one in prints}),
    ), status
