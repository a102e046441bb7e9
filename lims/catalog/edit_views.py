"""Pages on which an administrator changes the catalogue: always a new version, with its reason, never in place."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from lims.auth.permissions import requires
from lims.catalog import history, queries, services
from lims.catalog.editions import add_edition
from lims.catalog.forms import (
    AliasForm,
    DayForm,
    EditionForm,
    LimitForm,
    MethodForm,
    NewLimitForm,
    ParameterForm,
    ReasonForm,
    WordingForm,
)
from lims.catalog.models import FoodCategory, Region, TestItem
from lims.catalog.types import Trust
from lims.catalog.views import item_page, today, words
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.uow import unit_of_work
from lims.web.acts import carry_out
from lims.web.current import current_actor

bp = Blueprint("catalog_edit", __name__, url_prefix="/catalog")
bp.context_processor(words)

EDIT = "catalog.edit"
REFUSED = 422
NAMED: dict[str, type[FoodCategory | TestItem | Region]] = {
    "foods": FoodCategory,
    "items": TestItem,
    "regions": Region,
}


@bp.route("/limits/<uuid:limit_id>/supersede", methods=["GET", "POST"])
@requires(EDIT)
def limit(limit_id: UUID) -> ResponseReturnValue:
    """Replace a limit by its next version."""
    row, edition, standard, item = history.get_limit(db.session, limit_id)
    form = LimitForm(obj=row) if request.method == "GET" else LimitForm()
    if request.method == "GET":
        form.comparison.data, form.trust.data, form.reason.data = row.comparison.value, row.trust.value, ""
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                new = services.supersede_limit(uow, limit_id, form.changes(), reason=str(form.reason.data))
                new_id = new.id if new else limit_id
        except NotFoundError:
            raise
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("The limit has a new version; what was judged by the old one stays as it is."), "success")
            return redirect(url_for("catalog.limit", limit_id=new_id), 303)
    elif form.is_submitted():
        status = REFUSED
    page = render_template(
        "lims/catalog/limit_edit.html", form=form, limit=row, edition=edition, standard=standard, item=item
    )
    return page, status


@bp.route("/limits/<uuid:limit_id>/withdraw", methods=["GET", "POST"])
@requires(EDIT)
def withdraw(limit_id: UUID) -> ResponseReturnValue:
    """Close a limit that nothing replaces."""
    row, _edition, standard, item = history.get_limit(db.session, limit_id)
    form = ReasonForm()
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                services.supersede_limit(uow, limit_id, None, reason=str(form.reason.data))
        except NotFoundError:
            raise
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("The limit is withdrawn."), "success")
            return redirect(url_for("catalog.limit", limit_id=limit_id), 303)
    elif form.is_submitted():
        status = REFUSED
    return render_template(
        "lims/catalog/limit_withdraw.html", form=form, limit=row, standard=standard, item=item
    ), status


@bp.route("/items/<uuid:item_id>/limits/new", methods=["GET", "POST"])
@requires(EDIT)
def new_limit(item_id: UUID) -> ResponseReturnValue:
    """Add a limit of an item that replaces nothing."""
    item = queries.get_item(db.session, item_id)
    form = NewLimitForm()
    form.edition.choices = [
        SelectChoice(str(edition.id), f"{standard.number}-{edition.edition}" if edition.edition else standard.number)
        for standard, edition in queries.list_editions(db.session)
    ]
    if request.method == "GET":
        form.valid_from.data, form.trust.data = today(), Trust.READ.value
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                limit_id = services.add_limit(uow, _draft(form, item_id), reason=str(form.reason.data)).id
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("The limit is added."), "success")
            return redirect(url_for("catalog.limit", limit_id=limit_id), 303)
    elif form.is_submitted():
        status = REFUSED
    return render_template("lims/catalog/limit_new.html", form=form, item=item), status


def _draft(form: NewLimitForm, item_id: UUID) -> services.LimitDraft:
    codes = queries.category_ids(db.session)
    return services.LimitDraft(
        edition_id=UUID(form.edition.data),
        item_id=item_id,
        food_name=str(form.food_name.data).strip(),
        categories=form.scope(codes),
        **form.changes(),
    )


@bp.route("/standards/new", methods=["GET", "POST"])
@requires(EDIT)
def new_edition() -> ResponseReturnValue:
    """Let the catalogue know one more edition by name and dates."""
    form = EditionForm(request.args) if request.method == "GET" else EditionForm()
    status = carry_out(form, lambda uow: add_edition(uow, form.draft(), reason=str(form.reason.data)))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("The edition is known; its limits are added one by one or by a limit table."), "success")
        return redirect(url_for("catalog.standards", q=form.number.data), status)
    return render_template("lims/catalog/edition_new.html", form=form), status


@bp.route("/methods/<uuid:method_id>/supersede", methods=["GET", "POST"])
@requires(EDIT)
def method(method_id: UUID) -> ResponseReturnValue:
    """Give a method other figures."""
    row = history.get_method(db.session, method_id)
    form = MethodForm(obj=row) if request.method == "GET" else MethodForm()
    if request.method == "GET":
        form.reason.data = ""
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                new_id = services.supersede_method(uow, method_id, form.changes(), reason=str(form.reason.data)).id
        except NotFoundError:
            raise
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("The method has new figures from now on."), "success")
            return redirect(url_for("catalog.method", method_id=new_id), 303)
    elif form.is_submitted():
        status = REFUSED
    item = queries.get_item(db.session, row.item_id)
    return render_template("lims/catalog/method_edit.html", form=form, method=row, item=item), status


@bp.route("/parameters/<code>/set", methods=["GET", "POST"])
@requires(EDIT)
def parameter(code: str) -> ResponseReturnValue:
    """Give a rule parameter another value from a day on."""
    known = queries.parameter_history(db.session, code)
    if not known:
        raise NotFoundError
    form = ParameterForm()
    if request.method == "GET":
        form.valid_from.data, form.trust.data = today(), Trust.READ.value
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                services.set_parameter(
                    uow,
                    code,
                    form.value.data,  # type: ignore[arg-type]  # the field's data is a Decimal once it is valid
                    valid_from=form.valid_from.data,  # type: ignore[arg-type]  # required
                    source=str(form.source.data),
                    trust=Trust(form.trust.data),
                    reason=str(form.reason.data),
                )
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("The new value stands; deadlines that began before keep theirs."), "success")
            return redirect(url_for("catalog.parameter", code=code), 303)
    elif form.is_submitted():
        status = REFUSED
    return render_template("lims/catalog/parameter_edit.html", form=form, code=code, parameter=known[0]), status


@bp.route("/calendar/settle", methods=["GET", "POST"])
@requires(EDIT)
def day() -> ResponseReturnValue:
    """Settle whether a day is worked, against or beyond the table."""
    form = DayForm(request.args) if request.method == "GET" and "day" in request.args else DayForm()
    status = 200
    if form.validate_on_submit():
        assert form.day.data is not None  # noqa: S101 - required
        try:
            with unit_of_work(current_actor()) as uow:
                services.override_day(
                    uow,
                    form.day.data,
                    is_workday=form.is_workday.data == "yes",
                    reason=str(form.reason.data),
                    name_zh=form.name_zh.data or None,
                    name_en=form.name_en.data or None,
                )
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("The day is settled. Deadlines written before keep the day they were given."), "success")
            return redirect(url_for("catalog.calendar", year=form.day.data.year), 303)
    elif form.is_submitted():
        status = REFUSED
    return render_template("lims/catalog/day.html", form=form), status


@bp.route("/<any(foods,items,regions):kind>/<key>/wording", methods=["GET", "POST"])
@requires(EDIT)
def wording(kind: str, key: str) -> ResponseReturnValue:
    """Correct how a category, an item or a region is called; what it was called before is kept."""
    row = _named(db.session, kind, key)
    form = WordingForm(obj=row) if request.method == "GET" else WordingForm()
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                changes = {
                    "name_zh": str(form.name_zh.data).strip(),
                    "name_en": (form.name_en.data or "").strip() or None,
                }
                services.correct_wording(uow, _named(uow.session, kind, key), changes, reason=str(form.reason.data))
        except NotFoundError:
            raise
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("The wording is corrected."), "success")
            return redirect(_page_of(kind, key), 303)
    elif form.is_submitted():
        status = REFUSED
    page = render_template(
        "lims/catalog/wording.html", form=form, title=bilingual(row), kind=kind, back=_page_of(kind, key)
    )
    return page, status


def _named(session: Any, kind: str, key: str) -> FoodCategory | TestItem | Region:
    model = NAMED[kind]
    try:
        row = session.get(model, key if model is Region else UUID(key))
    except (ValueError, sa.exc.DataError):
        row = None
    if row is None:
        raise NotFoundError
    found: FoodCategory | TestItem | Region = row
    return found


def _page_of(kind: str, key: str) -> str:
    pages = {
        "foods": ("catalog.food", "category_id"),
        "items": ("catalog.item", "item_id"),
        "regions": ("catalog.regions", "code"),
    }
    endpoint, name = pages[kind]
    values: dict[str, Any] = {name: key}
    return url_for(endpoint, **values)


@bp.route("/items/<uuid:item_id>/aliases", methods=["POST"])
@requires(EDIT)
def alias(item_id: UUID) -> ResponseReturnValue:
    """Let an item be found under one more name."""
    form = AliasForm()
    status = REFUSED
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                services.add_alias(uow, item_id, str(form.name.data), reason=str(form.reason.data))
        except NotFoundError:
            raise
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("The item is now found under this name, too."), "success")
            return redirect(url_for("catalog.item", item_id=item_id), 303)
    return item_page(item_id, form, status)
