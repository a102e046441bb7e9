"""Terms of a recheck that run longer, because a person of the regulator said so and why."""

from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from lims.catalog.queries import get_parameter, load_calendar
from lims.catalog.workdays import end_of_day, last_day
from lims.clock import local_date
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.recheck.models import RecheckExtension
from results.recheck.queries import first_due_at
from results.recheck.rules import CLOCK_COLUMNS, EXTENSION_PARAMETERS, running_clock
from results.recheck.services.common import lock_recheck
from results.recheck.types import RecheckState


def extend_clock(uow: UnitOfWork, recheck_id: UUID, until: date, reason: str) -> RecheckExtension:
    """Let the running term of a recheck end later, once or more; all extensions of a term together have a bound.

    Args:
        uow: of a person of the regulator.
        recheck_id: which.
        until: the new last day, counted whole.
        reason: why.

    Raises:
        NotFoundError: no such recheck here.
        InvalidInputError: no reason, a day that is no later than the old one, or beyond the bound; shows both.
        ConflictError: no term runs.

    **Source:** Measures Art. 32(2), 33(1), 35(1); the bounds are the dated rule parameters `…_extension`.
    """
    why = read_reason(reason, field="reason")
    recheck = lock_recheck(uow, recheck_id, RecheckState.APPLIED, RecheckState.ACCEPTED, RecheckState.ASSIGNED)
    clock = running_clock(recheck.state, {one: getattr(recheck, name) for one, name in CLOCK_COLUMNS.items()})
    if clock is None:
        raise ConflictError(_l("No term of this recheck runs."))
    old = getattr(recheck, CLOCK_COLUMNS[clock])
    first = last_day(first_due_at(uow.session, recheck_id, clock) or old)
    most = int(get_parameter(uow.session, EXTENSION_PARAMETERS[clock], local_date(uow.now)).value)
    bound = load_calendar(uow.session, first).add_working_days(first, most).on
    if not last_day(old) < until <= bound:
        raise InvalidInputError(
            _l(
                "The day is %(day)s, expected after %(old)s and by %(bound)s at the latest.",
                day=until.isoformat(),
                old=last_day(old).isoformat(),
                bound=bound.isoformat(),
            ),
            field="until",
        )
    before = select(func.count()).where(RecheckExtension.recheck_id == recheck_id)
    extension = RecheckExtension(
        recheck_id=recheck_id,
        number=(uow.session.scalar(before) or 0) + 1,
        sample_id=recheck.sample_id,
        clock=clock,
        old_due_at=old,
        new_due_at=end_of_day(until),
        reason=why,
        extended_by_id=uow.actor.require_person(),
        extended_at=uow.now,
    )
    uow.session.add(extension)
    setattr(recheck, CLOCK_COLUMNS[clock], extension.new_due_at)
    uow.session.flush()
    return extension
