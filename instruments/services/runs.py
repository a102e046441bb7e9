"""Loading an instrument: which sample stands in which slot until the run ends."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from chain_of_custody.queries import blind_codes_of_lab
from chain_of_custody.rules import normalise_scan
from instruments.models import InstrumentRun, RunSlot
from instruments.queries import get_instrument, open_run
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork

MAX_SLOTS = 400  # a plate of 384 wells, and some


def open_instrument_run(uow: UnitOfWork, instrument_id: UUID, slots: Mapping[str, str]) -> InstrumentRun:
    """Say which sample stands in which slot; readings of that instrument are matched by it until the run ends.

    Raises:
        NotFoundError: no such instrument of this laboratory.
        InvalidInputError: no slot, too many, or a code that this laboratory did not give.
        ConflictError: a run is open.
    """
    organisation_id = uow.actor.require_organisation()
    instrument = get_instrument(uow.session, organisation_id, instrument_id)
    wanted = {slot.strip(): normalise_scan(code) for slot, code in slots.items() if slot.strip() and code.strip()}
    if not 1 <= len(wanted) <= MAX_SLOTS:
        raise InvalidInputError(_l("Say what stands in 1 to %(most)s slots.", most=MAX_SLOTS), field="slots")
    known = blind_codes_of_lab(uow.session, organisation_id, wanted.values())
    for slot, code in wanted.items():
        if code not in known:
            raise InvalidInputError(
                _l("Unknown code: %(code)s", code=code), field="slots", facts={"slot": slot, "code": code}
            )
    if open_run(uow.session, instrument_id) is not None:
        raise ConflictError(_l("A run of this instrument is open already. End it first."))
    run = InstrumentRun(
        id=uuid4(), instrument_id=instrument.id, opened_at=uow.now, opened_by_id=uow.actor.require_person()
    )
    uow.session.add(run)
    uow.session.flush()
    uow.session.add_all(
        RunSlot(run_id=run.id, instrument_id=instrument.id, slot=slot, blind_code=code) for slot, code in wanted.items()
    )
    uow.session.flush()
    return run


def end_instrument_run(uow: UnitOfWork, instrument_id: UUID) -> InstrumentRun:
    """End the open run of an instrument.

    Raises:
        NotFoundError: no such instrument of this laboratory.
        ConflictError: no run is open.
    """
    get_instrument(uow.session, uow.actor.require_organisation(), instrument_id)
    run = open_run(uow.session, instrument_id)
    if run is None:
        raise ConflictError(_l("No run of this instrument is open."))
    run.ended_at = uow.now
    return run
