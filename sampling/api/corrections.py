"""Corrections of forms as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import ValidationError

from lims.auth.permissions import requires
from lims.db import db
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.schemas import DecisionIn
from sampling import queries
from sampling.rules.form import CORRECTABLE
from sampling.schemas.samples import (
    FormCorrectionIn,
    FormCorrectionOut,
    FormCorrectionsOut,
    SamplingFormIn,
)
from sampling.services.corrections import decide_correction, request_correction

blp = ApiBlueprint("corrections_api", __name__, url_prefix="/api/v1", description="Corrections of sampling forms")


@blp.route("/samples/<uuid:sample_id>/corrections", methods=["GET"])
@requires("sampling.correct")
@blp.response(200, FormCorrectionsOut)
@blp.refuses(*READS)
def list_corrections(sample_id: UUID) -> Any:
    """What was asked to be corrected on a form, the newest first."""
    return {"items": queries.list_corrections(db.session, current_actor(), sample_id)}


@blp.route("/samples/<uuid:sample_id>/corrections", methods=["POST"])
@requires("sampling.correct")
@blp.arguments(FormCorrectionIn)
@blp.response(201, FormCorrectionOut)
@blp.refuses(*WRITES)
def create_correction(body: Mapping[str, Any], sample_id: UUID) -> Any:
    """Ask for a field of a form to be corrected."""
    field = body["field"]
    with unit_of_work(current_actor()) as uow:
        asked = request_correction(uow, sample_id, field, _value(field, body["value"]), body["reason"])
        dumped: Mapping[str, Any] = FormCorrectionOut().dump(asked)
        return answer(uow, dumped)


@blp.route("/corrections/<uuid:correction_id>/decision", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(DecisionIn)
@blp.response(201, FormCorrectionOut)
@blp.refuses(*WRITES)
def create_decision(body: Mapping[str, Any], correction_id: UUID) -> Any:
    """Approve or decline a correction as a second person."""
    with unit_of_work(current_actor()) as uow:
        decided = decide_correction(uow, correction_id, body["note"], approves=body["approves"])
        dumped: Mapping[str, Any] = FormCorrectionOut().dump(decided)
        return answer(uow, dumped)


def _value(field: str, value: Any) -> Any:
    """The value in the type of its field.

    Raises:
        InvalidInputError: no such field, or a value it cannot hold.
    """
    if field not in CORRECTABLE:
        raise InvalidInputError(_l("“%(field)s” cannot be corrected.", field=field[:60]), field="field")
    try:
        return SamplingFormIn(only=[field]).load({field: value})[field]
    except ValidationError as error:
        raise InvalidInputError(
            _l("“%(value)s” cannot stand in this field.", value=str(value)[:60]), field="value"
        ) from error
