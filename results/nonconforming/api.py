"""Nonconforming work as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lims.auth.permissions import requires
from lims.db import db
from lims.uow import UnitOfWork, unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import PAGE, CursorIn, list_answer, page_of, read_cursor
from results.nonconforming import queries, services
from results.nonconforming.schemas import (
    CorrectiveActionIn,
    EffectIn,
    ImpactIn,
    NonconformitiesOut,
    NonconformityOut,
    NonconformityTextIn,
    OneNonconformityOut,
    RaiseIn,
)
from results.nonconforming.types import Plan

blp = ApiBlueprint(
    "nonconforming_api", __name__, url_prefix="/api/v1/nonconformities", description="Nonconforming work"
)
MANAGE = "results.nonconforming_manage"


def _facts(session: Session, number: str) -> dict[str, Any]:
    found = queries.get_nonconformity(session, current_actor().require_organisation(), number)
    columns = {field.attribute or name: None for name, field in NonconformityOut().fields.items()}
    return {name: getattr(found, name) for name in columns} | {
        "steps": queries.steps_of(session, found.id),
        "batches": [one.batch_no for one in queries.batches_of(session, found.id)],
        "blind_codes": queries.samples_of(session, found.id),
        "reports": queries.affected_reports(session, found.id) if current_actor().may(MANAGE) else [],
    }


def _carry(number: str, act: Callable[[UnitOfWork], object]) -> Any:
    with unit_of_work(current_actor()) as uow:
        act(uow)
        uow.session.flush()
        return answer(uow, OneNonconformityOut().dump(_facts(uow.session, number)))


@blp.route("", methods=["GET"])
@requires("results.nonconforming")
@blp.arguments(CursorIn, location="query")
@blp.response(200, NonconformitiesOut)
@blp.refuses(*READS)
def list_register(asked: Mapping[str, Any]) -> Any:
    """The register of one's laboratory, the newest first."""
    rows = queries.list_nonconformities(
        db.session, current_actor().require_organisation(), after=read_cursor(asked["cursor"]), limit=PAGE + 1
    )
    return list_answer(page_of(rows, PAGE, lambda row: (row.raised_at, row.id)))


@blp.route("", methods=["POST"])
@requires("results.nonconforming")
@blp.arguments(RaiseIn)
@blp.response(201, OneNonconformityOut)
@blp.refuses(*WRITES)
def create_nonconformity(body: Mapping[str, Any]) -> Any:
    """Raise nonconforming work."""
    with unit_of_work(current_actor()) as uow:
        found = services.raise_nonconformity(uow, **body)
        uow.session.flush()
        return answer(uow, OneNonconformityOut().dump(_facts(uow.session, found.nonconformity_no)))


@blp.route("/<number>", methods=["GET"])
@requires("results.nonconforming")
@blp.response(200, OneNonconformityOut)
@blp.refuses(*READS)
def get_one(number: str) -> Any:
    """One of the register with its steps and what it touches."""
    return _facts(db.session, number)


@blp.route("/<number>/plan", methods=["POST"])
@requires(MANAGE)
@blp.arguments(CorrectiveActionIn)
@blp.response(201, OneNonconformityOut)
@blp.refuses(*WRITES)
def create_plan(body: Mapping[str, Any], number: str) -> Any:
    """Say what the cause is and what is done about it."""
    return _carry(number, lambda uow: services.plan_action(uow, number, Plan(**body)))


@blp.route("/<number>/carried-out", methods=["POST"])
@requires("results.nonconforming")
@blp.arguments(NonconformityTextIn)
@blp.response(201, OneNonconformityOut)
@blp.refuses(*WRITES)
def create_carried_out(body: Mapping[str, Any], number: str) -> Any:
    """Say that the corrective action is carried out."""
    may_manage = current_actor().may(MANAGE)
    return _carry(number, lambda uow: services.carry_out(uow, number, body["text"], may_manage=may_manage))


@blp.route("/<number>/effect", methods=["POST"])
@requires(MANAGE)
@blp.arguments(EffectIn)
@blp.response(201, OneNonconformityOut)
@blp.refuses(*WRITES)
def create_effect(body: Mapping[str, Any], number: str) -> Any:
    """Say, as another person, whether the action helped."""
    return _carry(
        number, lambda uow: services.check_effect(uow, number, body["text"], is_effective=body["is_effective"])
    )


@blp.route("/<number>/dismissal", methods=["POST"])
@requires(MANAGE)
@blp.arguments(NonconformityTextIn)
@blp.response(201, OneNonconformityOut)
@blp.refuses(*WRITES)
def create_dismissal(body: Mapping[str, Any], number: str) -> Any:
    """Say, as another person, that it was none."""
    return _carry(number, lambda uow: services.dismiss(uow, number, body["text"]))


@blp.route("/<number>/reports/<uuid:report_id>", methods=["POST"])
@requires(MANAGE)
@blp.arguments(ImpactIn)
@blp.response(201, OneNonconformityOut)
@blp.refuses(*WRITES)
def create_impact(body: Mapping[str, Any], number: str, report_id: UUID) -> Any:
    """Say what it means for a signed report."""
    return _carry(number, lambda uow: services.decide_impact(uow, number, report_id, body["impact"], body["reason"]))
