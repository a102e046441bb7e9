"""Corrections of a submitted form: a field, the old and the new value, a reason, and two persons."""

from dataclasses import fields
from typing import Any
from uuid import UUID, uuid4

from lims.auth.permissions import Role
from lims.catalog.queries import get_region
from lims.clock import local_date
from lims.decisions import Outcome, decide, read_reason
from lims.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from sampling.events import FormCorrected
from sampling.models import FormCorrection, Sample, SamplingForm
from sampling.queries.samples import get_sample
from sampling.rules.form import CORRECTABLE, SamplingFormInput, check_fields, read_written, written
from sampling.rules.states import STATE_NAMES, WrongStateError
from sampling.services.separation import get_sample_for_act
from sampling.types import SampleState

# Until its conclusion is signed: what is signed then stands, with the report that was shown.
OPEN_STATES = frozenset(
    {
        SampleState.SAMPLED,
        SampleState.IN_TRANSIT,
        SampleState.RECEIVED,
        SampleState.RECODED,
        SampleState.TESTING,
        SampleState.LOCKED,
    }
)
ASKERS = frozenset({Role.SAMPLER, Role.PLANNER, Role.CUSTODIAN})


def request_correction(uow: UnitOfWork, sample_id: UUID, field: str, value: Any, reason: str) -> FormCorrection:
    """Ask for a field of a form to be corrected; the form stays as it is until somebody else approves.

    Args:
        uow: the transaction of somebody who sees the form: a sampler, a planner or the laboratory's custodian.
        sample_id: the sample.
        field: one of `CORRECTABLE`.
        value: as in `SamplingFormInput`; None empties it.
        reason: why it stands wrong.

    Raises:
        NotFoundError: no such sample for the actor.
        ForbiddenError: the actor neither samples, plans nor receives.
        WrongStateError: the conclusion is signed, or the sample has ended.
        InvalidInputError: no such field, nothing that would change, no reason, or a form that would contradict itself.
        ConflictError: a correction of this field waits already.
    """
    get_sample(uow.session, uow.actor, sample_id)
    if not uow.actor.roles & ASKERS:
        raise ForbiddenError
    sample = get_sample_for_act(uow, sample_id)
    _check_open(sample)
    if field not in CORRECTABLE:
        raise InvalidInputError(_l("“%(field)s” cannot be corrected.", field=field[:60]), field="field")
    why = read_reason(reason)
    form = uow.session.get_one(SamplingForm, sample_id)
    old, new = written(getattr(form, field)), written(value)
    if old == new:
        raise InvalidInputError(_l("This is what stands there already: %(value)s.", value=new or "/"), field=field)
    _check_whole(uow, form, field, value)
    asked = FormCorrection(
        id=uuid4(),
        sample_id=sample_id,
        field=field,
        old_value=old,
        new_value=new,
        reason=why,
        requested_by_id=uow.actor.require_person(),
        requested_at=uow.now,
    )
    uow.session.add(asked)
    uow.session.flush()
    return asked


def decide_correction(uow: UnitOfWork, correction_id: UUID, note: str | None, *, approves: bool) -> FormCorrection:
    """Approve a correction as a second person, which changes the form, or decline it with a sentence.

    Only a planner of the regulator that ordered the sampling decides. What stands on the form elsewhere (a worklist, a
    composed report) may refuse in the same transaction.

    Raises:
        NotFoundError: none that waits for this regulator.
        ConflictError: decided already, the actor asked for it, or the field has changed since.
        WrongStateError: the conclusion is signed, or the sample has ended.
        InvalidInputError: declined without a reason, or a form that would contradict itself by now.

    Emits: FormCorrected, when it is approved.
    """
    asked = uow.session.get(FormCorrection, correction_id)
    if asked is None:
        raise NotFoundError
    sample = get_sample_for_act(uow, asked.sample_id)
    if Role.PLANNER not in uow.actor.roles or sample.regulator_id != uow.actor.organisation_id:
        raise NotFoundError
    uow.session.refresh(asked)
    decision = decide(uow, asked, Outcome.APPROVED if approves else Outcome.DECLINED, note)
    if approves:
        _apply(uow, sample, asked)
    asked.close(decision)
    uow.session.flush()
    if approves:
        uow.emit(FormCorrected(sample_id=sample.id, field=asked.field))
    return asked


def _apply(uow: UnitOfWork, sample: Sample, asked: FormCorrection) -> None:
    _check_open(sample)
    form = uow.session.get_one(SamplingForm, sample.id)
    now = written(getattr(form, asked.field))
    if now != asked.old_value:
        raise ConflictError(
            _l("The field has changed since: %(now)s instead of %(then)s.", now=now or "/", then=asked.old_value or "/")
        )
    value = read_written(asked.field, asked.new_value)
    _check_whole(uow, form, asked.field, value)
    setattr(form, asked.field, value)
    if asked.field == "place_kind":
        form.stage = _input_of(form).stage
    uow.session.flush()


def _check_open(sample: Sample) -> None:
    if sample.state not in OPEN_STATES:
        raise WrongStateError(
            _l(
                "This sample is in the state “%(state)s”, which does not allow this step.",
                state=STATE_NAMES[sample.state],
            )
        )


def _check_whole(uow: UnitOfWork, form: SamplingForm, field: str, value: Any) -> None:
    """The form must not contradict itself with the new value: the rules of its submission hold."""
    check_fields(_input_of(form, {field: value}), local_date(form.submitted_at))
    if field == "region_code" and get_region(uow.session, value) is None:
        raise InvalidInputError(_l("There is no region %(code)s.", code=value), field=field)


def _input_of(form: SamplingForm, changed: dict[str, Any] | None = None) -> SamplingFormInput:
    standing = {one.name: getattr(form, one.name) for one in fields(SamplingFormInput)}
    return SamplingFormInput(**standing | (changed or {}))
