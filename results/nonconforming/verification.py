"""`lims verify nonconforming`: every state follows from its steps, and nobody checked what they did themselves."""

from itertools import groupby
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.verification import Check, Finding
from results.nonconforming.models import Nonconformity, NonconformityStep
from results.nonconforming.rules import BY_ANOTHER, moved
from results.nonconforming.types import NonconformityState, Step


def check_steps(session: Session) -> Finding:
    """The steps of each lead to its state, none was taken out of turn, and each check is another person's."""
    finding = Finding("nonconforming work stands where its steps lead, and another person checked them")
    rows = session.execute(
        sa.select(Nonconformity.id, Nonconformity.state, NonconformityStep)
        .join(NonconformityStep, NonconformityStep.nonconformity_id == Nonconformity.id)
        .order_by(Nonconformity.id, NonconformityStep.seq)
    )
    for (found_id, stored), group in groupby(rows, key=lambda row: (row[0], row[1])):
        finding.checked += 1
        if _follow([row[2] for row in group]) is not stored:
            finding.violate("nonconformity", f"id={found_id}", "state")
    return finding


def _follow(steps: list[NonconformityStep]) -> NonconformityState | None:
    """Where steps lead; None where one was taken out of turn or by somebody who may not."""
    state: NonconformityState | None = None
    involved: set[UUID | None] = set()
    for one in steps:
        if one.step is Step.RAISED:
            state = NonconformityState.RAISED if state is None else None
        elif state is not None:
            state = moved(state, one.step)
        if state is None or (one.step in BY_ANOTHER and one.acted_by_id in involved):
            return None
        match one.step:
            case Step.RAISED | Step.INEFFECTIVE:
                involved = {steps[0].acted_by_id}
            case Step.PLANNED:
                involved = {one.responsible_id}
            case Step.CARRIED_OUT:
                involved = {one.acted_by_id, *involved}
    return state


CHECKS: tuple[Check, ...] = (check_steps,)
