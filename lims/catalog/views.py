"""Pages on which every member of staff reads the catalogue: foods, items, limits, standards, regions, rules, days."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import requires
from lims.catalog import history, queries
from lims.catalog.forms import AliasForm, EditionFilter, LookupForm, SearchForm
from lims.catalog.labels import label
from lims.catalog.lookup import AmbiguousLimit, LimitAnswer, LimitFound, MissingEdition
from lims.catalog.models import CalendarDay, Region
from lims.catalog.types import Coverage, DayKind, RegionLevel
from lims.db import db
from lims.errors import NotFoundError
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.web.paging import PAGE, page_of, read_cursor

bp = Blueprint("catalog", __name__, url_prefix="/catalog")

READ = "catalog.read"
FIRST_YEAR, LAST_YEAR = 2000, 2100  # the calendar is asked for years that people plan in


@bp.context_processor
def words() -> dict[str, Any]:
    """What all pages of the catalogue use."""
    return {"label": label}


def today() -> date:
    """The local day."""
    return clock.local_date(clock.now())


@bp.route("/")
@requires(READ)
def index() -> ResponseReturnValue:
    """The question of every day: the limit of an item in a food that was produced on a day."""
    form = LookupForm(request.args)
    if form.on.data is None and not form.on.raw_data:
        form.on.data = today()
    context: dict[str, Any] = {"answer": None}
    status = 200
    if request.args:
        if form.validate() and queries.find_item(db.session, str(form.item.data)) is None:
            form.item.errors = [_("There is no test item called %(name)s.", name=form.item.data)]
        if form.errors:
            status = 422
        else:
            day = form.on.data or today()
            found = queries.lookup_by_food(db.session, str(form.food.data), str(form.item.data), day)
            context = explain(found) | {"day": day, "food": form.food.data, "item": form.item.data}
    return render_template("lims/catalog/index.html", form=form, **context), status


def explain(answer: LimitAnswer) -> dict[str, Any]:
    """An answer of the look-up in the parts a page shows."""
    match answer:
        case LimitFound():
            return {"answer": "found", "found": [_found(answer)]}
        case AmbiguousLimit(candidates):
            return {"answer": "ambiguous", "found": [_found(one) for one in candidates]}
        case MissingEdition():
            partly = answer.coverage is Coverage.PARTIAL
            return {"answer": "missing", "basis": answer.basis, "partly": partly}
        case _:
            return {"answer": "none", "standards": answer.standards}


def _found(found: LimitFound) -> dict[str, Any]:
    limit, edition, standard, item = history.get_limit(db.session, found.limit.id)
    category = queries.find_category(db.session, found.category_code) if found.category_code else None
    way = queries.ancestors(db.session, category.id) if category else ()
    return {
        "limit": limit,
        "edition": edition,
        "standard": standard,
        "item": item,
        "basis": found.basis,
        "way": " › ".join(f"{one.code} {bilingual(one)}" for one in way),
    }


@bp.route("/foods")
@requires(READ)
def foods() -> ResponseReturnValue:
    """The major categories, or what a search finds on the whole tree."""
    form = SearchForm(request.args)
    words = form.words if form.validate() else ""
    found = queries.search_categories(db.session, words) if words else queries.list_majors(db.session)
    return render_template("lims/catalog/foods.html", form=form, foods=found, words=words)


@bp.route("/foods/<uuid:category_id>")
@requires(READ)
def food(category_id: UUID) -> ResponseReturnValue:
    """One category: what is below it, what the rule book tests in it, which limits fall on it."""
    way = queries.ancestors(db.session, category_id)
    return render_template(
        "lims/catalog/food.html",
        way=way,
        food=way[-1],
        below=queries.children(db.session, category_id),
        tested=queries.list_check_items(db.session, category_id),
        limits=queries.list_limits(db.session, category_id=category_id),
        revisions=queries.list_revisions(db.session, "food_category", str(category_id)),
    )


@bp.route("/items")
@requires(READ)
def items() -> ResponseReturnValue:
    """Test items, by any of their names."""
    form = SearchForm(request.args)
    words = form.words if form.validate() else ""
    (after,) = read_cursor(request.args.get("after"), (str,), field="after") or (None,)
    found = queries.search_items(db.session, words, after=after, limit=PAGE + 1)
    page = page_of(found, PAGE, lambda one: (one.code,))
    return render_template(
        "lims/catalog/items.html",
        form=form,
        items=page.rows,
        words=words,
        next_url=url_for(".items", q=words or None, after=page.next_cursor) if page.next_cursor else None,
    )


@bp.route("/items/<uuid:item_id>")
@requires(READ)
def item(item_id: UUID) -> ResponseReturnValue:
    """One item: its names, its methods, its limits."""
    return item_page(item_id, AliasForm(formdata=None))


def item_page(item_id: UUID, form: AliasForm, status: int = 200) -> ResponseReturnValue:
    """The page of an item, with the form for another name as it stands."""
    page = render_template(
        "lims/catalog/item.html",
        item=queries.get_item(db.session, item_id),
        aliases=history.list_aliases(db.session, item_id),
        methods=queries.list_methods(db.session, item_id),
        limits=queries.list_limits(db.session, item_id=item_id),
        revisions=queries.list_revisions(db.session, "test_item", str(item_id)),
        form=form,
    )
    return page, status


@bp.route("/limits/<uuid:limit_id>")
@requires(READ)
def limit(limit_id: UUID) -> ResponseReturnValue:
    """One limit with every version it had."""
    row, edition, standard, item = history.get_limit(db.session, limit_id)
    known = history.versions(db.session, row)
    return render_template(
        "lims/catalog/limit.html",
        limit=row,
        edition=edition,
        standard=standard,
        item=item,
        scope=history.limit_scope(db.session, limit_id),
        versions=known,
        names=history.editors(db.session, known),
    )


@bp.route("/methods/<uuid:method_id>")
@requires(READ)
def method(method_id: UUID) -> ResponseReturnValue:
    """One method row with every version it had."""
    row = history.get_method(db.session, method_id)
    known = history.versions(db.session, row)
    return render_template(
        "lims/catalog/method.html",
        method=row,
        item=queries.get_item(db.session, row.item_id),
        versions=known,
        names=history.editors(db.session, known),
    )


@bp.route("/standards")
@requires(READ)
def standards() -> ResponseReturnValue:
    """Standards and announcements with their editions, and how far their limits are loaded."""
    form = EditionFilter(request.args)
    words = form.words.casefold() if form.validate() else ""
    loaded = "loaded" in request.args
    shown = [
        (standard, edition)
        for standard, edition in queries.list_editions(db.session)
        if words in f"{standard.number} {standard.title_zh or ''} {standard.title_en or ''}".casefold()
        and (not loaded or edition.coverage is not Coverage.NONE)
    ]
    return render_template("lims/catalog/standards.html", form=form, editions=shown)


@bp.route("/regions")
@bp.route("/regions/<code>")
@requires(READ)
def regions(code: str | None = None) -> ResponseReturnValue:
    """The provinces, or what is below one region."""
    way: list[Region] = []
    above = code
    while above is not None:
        region = queries.get_region(db.session, above)
        if region is None:
            raise NotFoundError
        way.insert(0, region)
        above = region.parent_code
    below = (
        queries.list_regions(db.session, parent_code=code)
        if code is not None
        else queries.list_regions(db.session, level=RegionLevel.PROVINCE)
    )
    return render_template("lims/catalog/regions.html", way=way, regions=below)


@bp.route("/parameters")
@requires(READ)
def parameters() -> ResponseReturnValue:
    """Every deadline, count and share of the law in force today, with its source."""
    return render_template("lims/catalog/parameters.html", parameters=queries.list_parameters(db.session, today()))


@bp.route("/parameters/<code>")
@requires(READ)
def parameter(code: str) -> ResponseReturnValue:
    """One parameter with every row it ever had."""
    known = queries.parameter_history(db.session, code)
    if not known:
        raise NotFoundError
    in_force = next(
        (row for row in known if row.superseded_at is None and row.valid_from <= today() <= (row.valid_to or date.max)),
        None,
    )
    return render_template(
        "lims/catalog/parameter.html",
        code=code,
        parameter=in_force or known[0],
        is_in_force=in_force is not None,
        versions=known,
        names=history.editors(db.session, known),
    )


@bp.route("/calendar")
@requires(READ)
def calendar() -> ResponseReturnValue:
    """The working days of a year, month by month."""
    asked = request.args.get("year", type=int)
    year = asked if asked is not None and FIRST_YEAR <= asked <= LAST_YEAR else today().year
    settled = history.days_of_year(db.session, year)
    overridden = history.overridden_days(db.session, year)
    known = queries.load_calendar(db.session, date(year, 1, 1))
    return render_template(
        "lims/catalog/calendar.html",
        year=year,
        first_year=FIRST_YEAR,
        last_year=LAST_YEAR,
        months=[_month(year, month, settled, known.is_workday, known.is_provisional) for month in range(1, 13)],
        overridden=overridden,
        names=history.editors(db.session, overridden),
        worked=sum(known.is_workday(day) for day in _days(date(year, 1, 1), date(year, 12, 31))),
        provisional=known.is_provisional(date(year, 12, 31)),
    )


def _days(first: date, last: date) -> Sequence[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _month(
    year: int, month: int, settled: Mapping[date, CalendarDay], is_workday: Any, is_provisional: Any
) -> dict[str, Any]:
    first = date(year, month, 1)
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    days = [_day(day, settled.get(day), is_worked=is_workday(day)) for day in _days(first, last)]
    return {
        "first": first,
        "blanks": first.weekday(),
        "days": days,
        "worked": sum(day["worked"] for day in days),
        "provisional": is_provisional(last),
    }


def _day(day: date, row: CalendarDay | None, *, is_worked: bool) -> dict[str, Any]:
    kind = row.kind if row else (DayKind.WORKDAY if is_worked else DayKind.WEEKEND)
    if row is None and not is_worked and day.weekday() < 5:  # noqa: PLR2004 - Saturday
        kind = DayKind.PUBLIC_HOLIDAY
    named = bilingual(row) if row and (row.name_zh or row.name_en) else ""
    return {
        "day": day,
        "kind": kind.value,
        "worked": is_worked,
        "by_hand": row is not None and row.recorded_by_id is not None,
        "words": f"{label(kind)}{_(': ') + named if named else ''}",
    }
