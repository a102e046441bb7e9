"""Visits, forms and samples as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import list_answer, page_of, read_cursor
from sampling import queries
from sampling.api.problems import food_id, said
from sampling.models import Sample
from sampling.rules.form import SamplingFormInput
from sampling.schemas import (
    EndIn,
    EndOut,
    SampleDetailOut,
    SampleOut,
    SamplesIn,
    SamplesOut,
    SamplingTaskOut,
    StopsIn,
    StopsOut,
    SubmitIn,
    VoidIn,
    WithdrawalIn,
)
from sampling.services.forms import DrawnSignature, Photo, submit_form
from sampling.services.samples import void_sample
from sampling.services.tasks import end_task_without_sample, withdraw_task

blp = ApiBlueprint("samples_api", __name__, url_prefix="/api/v1", description="Visits, sampling forms and samples")

DAYS_AHEAD = 7


@blp.route("/tasks", methods=["GET"])
@requires("sampling.field")
@blp.arguments(StopsIn, location="query")
@blp.response(200, StopsOut)
@blp.refuses(*READS)
def list_stops(asked: Mapping[str, Any]) -> Any:
    """One's own open visits up to a day, a week ahead when left out."""
    until = asked["until"] or clock.local_date(clock.now()) + timedelta(days=DAYS_AHEAD)
    return {"items": queries.list_stops(db.session, current_actor().require_person(), until)}


@blp.route("/tasks/<uuid:task_id>", methods=["GET"])
@requires("sampling.field")
@blp.response(200, SamplingTaskOut)
@blp.refuses(*READS)
def get_task(task_id: UUID) -> Any:
    """One visit."""
    return queries.get_task(db.session, current_actor(), task_id)


@blp.route("/tasks/<uuid:task_id>/end", methods=["POST"])
@requires("sampling.sample")
@blp.arguments(EndIn)
@blp.response(201, EndOut)
@blp.refuses(*WRITES)
def post_end(body: Mapping[str, Any], task_id: UUID) -> Any:
    """End a visit that brings no sample; the next reserve takes its place."""
    with unit_of_work(current_actor()) as uow:
        replacement = end_task_without_sample(uow, task_id, body["reason"], body["note"])
        return said(answer(uow, EndOut().dump({"replacement": replacement})))


@blp.route("/tasks/<uuid:task_id>/withdrawal", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(WithdrawalIn)
@blp.response(201, SamplingTaskOut)
@blp.refuses(*WRITES)
def post_withdrawal(body: Mapping[str, Any], task_id: UUID) -> Any:
    """Take a visit back before it was made."""
    with unit_of_work(current_actor()) as uow:
        return said(answer(uow, SamplingTaskOut().dump(withdraw_task(uow, task_id, body["reason"]))))


@blp.route("/tasks/<uuid:task_id>/form", methods=["POST"])
@requires("sampling.sample")
@blp.arguments(SubmitIn)
@blp.response(201, SampleOut)
@blp.refuses(*WRITES)
def post_form(body: Mapping[str, Any], task_id: UUID) -> Any:
    """Submit the sampling form of a visit: the moment a sample exists."""
    with unit_of_work(current_actor()) as uow:
        code = body["food_category_code"]
        sample = submit_form(
            uow,
            task_id,
            SamplingFormInput(**body["form"]),
            {one["signer"]: DrawnSignature(one["png"], one["name"]) for one in body["signatures"]},
            [Photo(one["kind"], one["content"], one["taken_at"]) for one in body["photos"]],
            food_category_id=None if code is None else food_id(uow.session, code),
        )
        return said(answer(uow, SampleOut().dump(sample)))


@blp.route("/samples", methods=["GET"])
@requires("sampling.view")
@blp.arguments(SamplesIn, location="query")
@blp.response(200, SamplesOut)
@blp.refuses(*READS)
def list_samples(asked: Mapping[str, Any]) -> Any:
    """The samples one may see, the newest first."""
    rows = queries.list_samples(
        db.session,
        current_actor(),
        state=asked["state"],
        number=asked["number"],
        after=read_cursor(asked["cursor"]),
        limit=queries.PAGE + 1,
    )
    page = page_of(rows, queries.PAGE, lambda row: (row.sample.issued_at, row.sample.id))
    return list_answer(page, [_detail(row.sample, row.product_name, row.party_name) for row in page.rows])


@blp.route("/samples/<uuid:sample_id>", methods=["GET"])
@requires("sampling.view")
@blp.response(200, SampleDetailOut)
@blp.refuses(*READS)
def get_sample(sample_id: UUID) -> Any:
    """One sample."""
    sheet = queries.get_sheet(db.session, current_actor(), sample_id)
    return _detail(sheet.sample, sheet.form.product_name, sheet.form.party_name)


@blp.route("/samples/<uuid:sample_id>/void", methods=["POST"])
@requires("sampling.void")
@blp.arguments(VoidIn)
@blp.response(201, SampleOut)
@blp.refuses(*WRITES)
def post_void(body: Mapping[str, Any], sample_id: UUID) -> Any:
    """Declare a sample void before it is handed over."""
    with unit_of_work(current_actor()) as uow:
        return said(answer(uow, SampleOut().dump(void_sample(uow, sample_id, body["reason"]))))


def _detail(sample: Sample, product_name: str | None, party_name: str | None) -> dict[str, Any]:
    own = {name: getattr(sample, name) for name in SampleOut().fields}
    return own | {"product_name": product_name, "party_name": party_name}
