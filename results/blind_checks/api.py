"""Checks of the laboratory as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lims.auth.permissions import requires
from lims.catalog.queries import find_category, items_by_code
from lims.db import db
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import PAGE, CursorIn, list_answer, page_of, read_cursor
from results.blind_checks import queries, services
from results.blind_checks.schemas import ChecksOut, EvaluationIn, KnownIn, OneCheckOut, SplitIn
from results.services.worklists import Described

blp = ApiBlueprint("blind_checks_api", __name__, url_prefix="/api/v1/blind-checks", description="Blind checks")


def _facts(session: Session, sample_id: UUID) -> dict[str, Any]:
    row = queries.get_check(session, current_actor().require_organisation(), sample_id)
    shown = {one.name: getattr(row, one.name) for one in fields(row)}
    return shown | {"lines": queries.lines_of(session, row.check)}


def _container(body: Mapping[str, Any]) -> services.Container:
    return services.Container(**{one.name: body[one.name] for one in fields(services.Container)})


@blp.route("", methods=["GET"])
@requires("results.blind_check")
@blp.arguments(CursorIn, location="query")
@blp.response(200, ChecksOut)
@blp.refuses(*READS)
def list_checks(asked: Mapping[str, Any]) -> Any:
    """The checks of one's laboratory, the newest first."""
    rows = queries.list_checks(
        db.session, current_actor().require_organisation(), after=read_cursor(asked["cursor"]), limit=PAGE + 1
    )
    return list_answer(page_of(rows, PAGE, lambda row: (row.check.prepared_at, row.check.sample_id)))


@blp.route("/<uuid:sample_id>", methods=["GET"])
@requires("results.blind_check")
@blp.response(200, OneCheckOut)
@blp.refuses(*READS)
def get_check(sample_id: UUID) -> Any:
    """One check with its items."""
    return _facts(db.session, sample_id)


@blp.route("/known", methods=["POST"])
@requires("results.blind_check")
@blp.arguments(KnownIn)
@blp.response(201, OneCheckOut)
@blp.refuses(*WRITES)
def create_known(body: Mapping[str, Any]) -> Any:
    """Put a material whose content is known among the samples of the bench."""
    category = find_category(db.session, body["food_category_code"])
    if category is None:
        raise InvalidInputError(
            _l("There is no food category %(code)s.", code=body["food_category_code"]), field="food_category_code"
        )
    known = items_by_code(db.session, [one["item_code"] for one in body["values"]])
    values = []
    for one in body["values"]:
        if one["item_code"] not in known:
            raise InvalidInputError(_l("There is no test item %(code)s.", code=one["item_code"]), field="values")
        item = known[one["item_code"]]
        values.append(services.KnownValue(item.id, one["expected"], one["value"], one["deviation"], one["unit"]))
    described = Described(**{one.name: body[one.name] for one in fields(Described)})
    with unit_of_work(current_actor()) as uow:
        made = services.prepare_known(uow, category.id, described, values, _container(body))
        return answer(uow, OneCheckOut().dump(_facts(uow.session, made.sample_id)))


@blp.route("/splits", methods=["POST"])
@requires("results.blind_check")
@blp.arguments(SplitIn)
@blp.response(201, OneCheckOut)
@blp.refuses(*WRITES)
def create_split(body: Mapping[str, Any]) -> Any:
    """Put a part of a sample on the bench a second time, under a code of its own."""
    with unit_of_work(current_actor()) as uow:
        made = services.prepare_split(uow, body["blind_code"], body["most_percent"], _container(body))
        return answer(uow, OneCheckOut().dump(_facts(uow.session, made.sample_id)))


@blp.route("/<uuid:sample_id>/evaluation", methods=["POST"])
@requires("results.blind_check")
@blp.arguments(EvaluationIn)
@blp.response(201, OneCheckOut)
@blp.refuses(*WRITES)
def create_evaluation(body: Mapping[str, Any], sample_id: UUID) -> Any:
    """Hold the locked results of a check against what is known of it."""
    with unit_of_work(current_actor()) as uow:
        services.evaluate_check(uow, sample_id, body["conclusion"])
        return answer(uow, OneCheckOut().dump(_facts(uow.session, sample_id)))
