"""The clocks of kept portions and their disposal as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chain_of_custody.keeping import queries, services
from chain_of_custody.keeping.models import Disposal
from chain_of_custody.keeping.schemas import (
    DisposalConfirmationIn,
    DisposalIn,
    DisposalsOut,
    KeptIn,
    KeptsOut,
    OneDisposalOut,
)
from chain_of_custody.keeping.types import KeptPortion
from lims import clock
from lims.auth.permissions import requires
from lims.db import columns_of, db
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import BY_NAME, PAGE, CursorIn, list_answer, page_of, read_cursor

kept_blp = ApiBlueprint("kept_api", __name__, url_prefix="/api/v1/kept-portions", description="Kept portions")
blp = ApiBlueprint("disposals_api", __name__, url_prefix="/api/v1/disposals", description="Disposals")


@kept_blp.route("", methods=["GET"])
@requires("custody.keep")
@kept_blp.arguments(KeptIn, location="query")
@kept_blp.response(200, KeptsOut)
@kept_blp.refuses(*READS)
def list_kept(asked: Mapping[str, Any]) -> Any:
    """The backup portions one's laboratory keeps, by the end of their period."""
    wanted = asked.get("state")
    kept = queries.list_kept(db.session, current_actor().require_organisation(), clock.local_date(clock.now()))

    def key(one: KeptPortion) -> tuple[str, UUID]:
        return ((one.keep_until or date.max).isoformat(), one.portion_id)

    rows = sorted((one for one in kept if wanted in {None, one.state}), key=key)
    after = read_cursor(asked["cursor"], BY_NAME)
    if after is not None:
        rows = [one for one in rows if key(one) > after]
    return list_answer(page_of(rows[: PAGE + 1], PAGE, key))


def _dump(session: Session, disposal: Disposal) -> Mapping[str, Any]:
    shown = columns_of(disposal)
    lines = queries.list_disposed(session, disposal.id)
    dumped: Mapping[str, Any] = OneDisposalOut().dump(shown | {"lines": lines})
    return dumped


@blp.route("", methods=["GET"])
@requires("custody.dispose")
@blp.arguments(CursorIn, location="query")
@blp.response(200, DisposalsOut)
@blp.refuses(*READS)
def list_disposals(asked: Mapping[str, Any]) -> Any:
    """Disposals of one's laboratory, the newest first."""
    rows = queries.list_disposals(
        db.session, current_actor().require_organisation(), after=read_cursor(asked["cursor"]), limit=PAGE + 1
    )
    page = page_of(rows, PAGE, lambda row: (row.disposal.proposed_at, row.disposal.id))
    return list_answer(page, [row.disposal for row in page.rows])


@blp.route("", methods=["POST"])
@requires("custody.keep")
@blp.arguments(DisposalIn)
@blp.response(201, OneDisposalOut)
@blp.refuses(*WRITES)
def create_disposal(body: Mapping[str, Any]) -> Any:
    """Propose portions whose period is over for disposal."""
    with unit_of_work(current_actor()) as uow:
        made = services.propose_disposal(uow, body["portion_nos"], body["way"], body["reason"])
        return answer(uow, _dump(uow.session, made))


@blp.route("/<uuid:disposal_id>", methods=["GET"])
@requires("custody.dispose")
@blp.response(200, OneDisposalOut)
@blp.refuses(*READS)
def get_disposal(disposal_id: UUID) -> Any:
    """One disposal with its list."""
    found = queries.get_disposal(db.session, current_actor().require_organisation(), disposal_id)
    return _dump(db.session, found), 200


@blp.route("/<uuid:disposal_id>/confirmation", methods=["POST"])
@requires("custody.dispose")
@blp.arguments(DisposalConfirmationIn)
@blp.response(201, OneDisposalOut)
@blp.refuses(*WRITES)
def confirm_disposal(body: Mapping[str, Any], disposal_id: UUID) -> Any:
    """Confirm as the second person that everything on the list was disposed of."""
    with unit_of_work(current_actor()) as uow:
        done = services.confirm_disposal(uow, disposal_id, body["weight_kg"], body["witness"])
        uow.session.flush()
        return answer(uow, _dump(uow.session, done))


@blp.route("/<uuid:disposal_id>/withdrawal", methods=["POST"])
@requires("custody.keep")
@blp.response(201, OneDisposalOut)
@blp.refuses(*WRITES)
def withdraw_disposal(disposal_id: UUID) -> Any:
    """Take a proposal back."""
    with unit_of_work(current_actor()) as uow:
        withdrawn = services.withdraw_disposal(uow, disposal_id)
        uow.session.flush()
        return answer(uow, _dump(uow.session, withdrawn))
