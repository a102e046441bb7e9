"""The catalogue as JSON: foods, items with their methods, limits, rule parameters, deadlines. Read only."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from lims.auth.permissions import requires
from lims.catalog import listing, queries
from lims.catalog.lookup import AmbiguousLimit, LimitFound, MissingEdition, NoLimit
from lims.catalog.schemas import (
    CategoriesIn,
    CategoriesOut,
    CategoryOut,
    DeadlineIn,
    DeadlineOut,
    ItemDetailOut,
    ItemsIn,
    ItemsOut,
    LimitsIn,
    LimitsOut,
    LookupIn,
    LookupOut,
    ParameterOut,
    ParametersIn,
    ParametersOut,
)
from lims.catalog.views import READ
from lims.clock import local_date
from lims.db import db
from lims.errors import ConfigurationError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.web.api import ApiBlueprint
from lims.web.paging import list_answer, page_of, read_cursor

blp = ApiBlueprint("catalog_api", __name__, url_prefix="/api/v1/catalog", description="Catalogue")


@blp.route("/categories", methods=["GET"])
@requires(READ)
@blp.arguments(CategoriesIn, location="query")
@blp.response(200, CategoriesOut)
@blp.refuses(401, 404, 422)
def list_categories(asked: Mapping[str, Any]) -> Any:
    """Categories of the newest food tree, all or those below one."""
    rows = listing.list_categories(
        db.session,
        words=asked["q"],
        parent_code=asked["parent_code"],
        after=read_cursor(asked["cursor"], (int, str)),
        limit=asked["limit"] + 1,
    )
    return list_answer(page_of(rows, asked["limit"], lambda row: (row.position, row.code)))


@blp.route("/categories/<code>", methods=["GET"])
@requires(READ)
@blp.response(200, CategoryOut)
@blp.refuses(401, 404)
def get_category(code: str) -> Any:
    """One category of the newest food tree."""
    category = queries.find_category(db.session, code)
    if category is None:
        raise NotFoundError
    return category


@blp.route("/items", methods=["GET"])
@requires(READ)
@blp.arguments(ItemsIn, location="query")
@blp.response(200, ItemsOut)
@blp.refuses(401, 422)
def list_items(asked: Mapping[str, Any]) -> Any:
    """Test items, all or those one of whose names contains the words."""
    rows = listing.list_items(
        db.session, words=asked["q"], after=read_cursor(asked["cursor"], (str,)), limit=asked["limit"] + 1
    )
    return list_answer(page_of(rows, asked["limit"], lambda row: (row.code,)))


@blp.route("/items/<code>", methods=["GET"])
@requires(READ)
@blp.response(200, ItemDetailOut)
@blp.refuses(401, 404)
def get_item(code: str) -> Any:
    """One test item with the methods in force."""
    item = listing.item_by_code(db.session, code)
    columns = ("id", "code", "name_zh", "name_en", "item_class", "hazard")
    return {name: getattr(item, name) for name in columns} | {"methods": queries.list_methods(db.session, item.id)}


@blp.route("/limits", methods=["GET"])
@requires(READ)
@blp.arguments(LimitsIn, location="query")
@blp.response(200, LimitsOut)
@blp.refuses(401, 404, 422)
def list_limits(asked: Mapping[str, Any]) -> Any:
    """Limits not superseded, of an item or a category or both."""
    rows = listing.list_limits(
        db.session,
        item_code=asked["item_code"],
        category_code=asked["category_code"],
        after=read_cursor(asked["cursor"], (str, str, UUID)),
        limit=asked["limit"] + 1,
    )
    return list_answer(page_of(rows, asked["limit"], lambda row: (row.item_code, row.food_path, str(row.id))))


@blp.route("/limits/lookup", methods=["GET"])
@requires(READ)
@blp.arguments(LookupIn, location="query")
@blp.response(200, LookupOut)
@blp.refuses(401, 404, 422)
def look_up(asked: Mapping[str, Any]) -> Any:
    """The limit of an item in a food produced on a day, by the edition in force on that day."""
    if queries.find_item(db.session, asked["item"]) is None:
        raise NotFoundError(_l("There is no test item called %(name)s.", name=asked["item"]))
    answer = queries.lookup_by_food(db.session, asked["food"], asked["item"], asked["on"])
    body: dict[str, Any] = {"answer": "no_limit", "limits": [], "missing": None, "standards": []}
    match answer:
        case LimitFound():
            body |= {"answer": "limit", "limits": listing.limit_facts(db.session, [answer.limit.id])}
        case AmbiguousLimit(candidates):
            found = listing.limit_facts(db.session, [one.limit.id for one in candidates])
            body |= {"answer": "ambiguous", "limits": found}
        case MissingEdition():
            body |= {"answer": "missing_edition", "missing": answer.basis}
        case NoLimit(standards):
            body |= {"standards": list(standards)}
    return body


@blp.route("/parameters", methods=["GET"])
@requires(READ)
@blp.arguments(ParametersIn, location="query")
@blp.response(200, ParametersOut)
@blp.refuses(401, 422)
def list_parameters(asked: Mapping[str, Any]) -> Any:
    """Every rule parameter in force on a day; there are some dozens, so they come on one page."""
    return {"items": queries.list_parameters(db.session, asked["on"])}


@blp.route("/parameters/<code>", methods=["GET"])
@requires(READ)
@blp.arguments(ParametersIn, location="query")
@blp.response(200, ParameterOut)
@blp.refuses(401, 404, 422)
def get_parameter(asked: Mapping[str, Any], code: str) -> Any:
    """One rule parameter as it is in force on a day."""
    return _parameter(code, asked["on"])


def _parameter(code: str, on: date) -> Any:
    try:
        return queries.get_parameter(db.session, code, on)
    except ConfigurationError as missing:
        raise NotFoundError(missing.message) from missing


@blp.route("/deadlines", methods=["GET"])
@requires(READ)
@blp.arguments(DeadlineIn, location="query")
@blp.response(200, DeadlineOut)
@blp.refuses(401, 404, 422)
def get_deadline(asked: Mapping[str, Any]) -> Any:
    """The last day of a limit of time that began at an instant."""
    parameter = _parameter(asked["code"], local_date(asked["started_at"]))
    if not parameter.unit.is_time:
        raise InvalidInputError(
            _l("%(code)s counts %(unit)s and makes no deadline.", code=parameter.code, unit=parameter.unit.value),
            field="code",
        )
    due = queries.deadline(db.session, asked["code"], asked["started_at"])
    return {"code": parameter.code, "on": due.on, "due_at": due.due_at, "provisional": due.provisional}
