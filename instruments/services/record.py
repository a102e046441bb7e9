"""The record of an instrument: what it is, when it is due, what it works with, when it was down."""

from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import select

from instruments.models import Calibration, Downtime, Instrument, IntermediateCheck, ReagentLot
from instruments.queries import get_instrument, open_downtime
from instruments.services.runs import MAX_SLOTS
from instruments.types import Found
from lims.clock import local_date
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork


def describe_instrument(
    uow: UnitOfWork, instrument_id: UUID, *, model: str, serial_no: str, place: str, slot_count: int
) -> Instrument:
    """Write down make, serial number, place and the number of slots a run may load.

    Raises:
        NotFoundError: no such instrument of this laboratory.
        InvalidInputError: a number of slots that cannot be.
    """
    instrument = get_instrument(uow.session, uow.actor.require_organisation(), instrument_id)
    if not 0 <= slot_count <= MAX_SLOTS:
        raise InvalidInputError(
            _l("“%(count)s” slots: expected 0 to %(most)s.", count=slot_count, most=MAX_SLOTS), field="slot_count"
        )
    instrument.model, instrument.serial_no, instrument.place = model.strip(), serial_no.strip(), place.strip()
    instrument.slot_count = slot_count
    return instrument


def note_calibration(
    uow: UnitOfWork, instrument_id: UUID, *, calibrated_on: date, due_on: date, certificate_no: str
) -> Calibration:
    """Note a verification or calibration. Readings between its days need no person to release them.

    Raises:
        NotFoundError: no such instrument of this laboratory.
        InvalidInputError: it lies in the future, or is due before it was done.
    """
    instrument = get_instrument(uow.session, uow.actor.require_organisation(), instrument_id)
    if calibrated_on > local_date(uow.now):
        raise InvalidInputError(_l("%(day)s lies in the future.", day=calibrated_on.isoformat()), field="calibrated_on")
    if due_on <= calibrated_on:
        raise InvalidInputError(
            _l("%(due)s is not after %(day)s.", due=due_on.isoformat(), day=calibrated_on.isoformat()), field="due_on"
        )
    noted = Calibration(
        id=uuid4(),
        instrument_id=instrument.id,
        calibrated_on=calibrated_on,
        due_on=due_on,
        certificate_no=certificate_no.strip(),
        noted_by_id=uow.actor.require_person(),
        noted_at=uow.now,
    )
    uow.session.add(noted)
    uow.session.flush()
    return noted


def note_check(
    uow: UnitOfWork, instrument_id: UUID, *, checked_on: date, due_on: date, found: Found
) -> IntermediateCheck:
    """Note an intermediate check; one that failed, or is not repeated in time, holds the readings that follow.

    Raises:
        NotFoundError: no such instrument of this laboratory.
        InvalidInputError: it lies in the future, is due before it was done, or its figures cannot be.
    """
    instrument = get_instrument(uow.session, uow.actor.require_organisation(), instrument_id)
    if checked_on > local_date(uow.now):
        raise InvalidInputError(_l("%(day)s lies in the future.", day=checked_on.isoformat()), field="checked_on")
    if due_on <= checked_on:
        raise InvalidInputError(
            _l("%(due)s is not after %(day)s.", due=due_on.isoformat(), day=checked_on.isoformat()), field="due_on"
        )
    if found.tolerance < 0:
        raise InvalidInputError(
            _l("The tolerance is %(given)s, expected 0 or more.", given=f"{found.tolerance:f}"), field="tolerance"
        )
    noted = IntermediateCheck(
        id=uuid4(),
        instrument_id=instrument.id,
        checked_on=checked_on,
        due_on=due_on,
        standard=found.standard.strip(),
        target=found.target,
        tolerance=found.tolerance,
        value=found.value,
        unit=found.unit.strip(),
        passed=abs(found.value - found.target) <= found.tolerance,
        noted_by_id=uow.actor.require_person(),
        noted_at=uow.now,
    )
    uow.session.add(noted)
    uow.session.flush()
    return noted


def begin_reagent_lot(uow: UnitOfWork, instrument_id: UUID, *, name: str, lot_no: str, expires_on: date) -> ReagentLot:
    """Note that a lot is in use from now on; the lot before of the same reagent is used up.

    Raises:
        NotFoundError: no such instrument of this laboratory.
        InvalidInputError: the lot has expired.
    """
    instrument = get_instrument(uow.session, uow.actor.require_organisation(), instrument_id)
    if expires_on < local_date(uow.now):
        raise InvalidInputError(
            _l("Lot %(lot)s expired on %(day)s.", lot=lot_no, day=expires_on.isoformat()), field="expires_on"
        )
    begun = ReagentLot(
        id=uuid4(),
        instrument_id=instrument.id,
        name=name.strip(),
        lot_no=lot_no.strip(),
        expires_on=expires_on,
        in_use_from=uow.now,
        noted_by_id=uow.actor.require_person(),
        noted_at=uow.now,
    )
    for before in _lots_in_use(uow, instrument_id, begun.name):
        before.used_up_at = uow.now
    uow.session.add(begun)
    uow.session.flush()
    return begun


def end_reagent_lot(uow: UnitOfWork, lot_id: UUID) -> ReagentLot:
    """Note that a lot is used up.

    Raises:
        NotFoundError: no such lot of this laboratory.
        ConflictError: it was used up before.
    """
    lot = uow.session.get(ReagentLot, lot_id, with_for_update=True)
    if lot is None:
        raise NotFoundError
    get_instrument(uow.session, uow.actor.require_organisation(), lot.instrument_id)
    if lot.used_up_at is not None:
        raise ConflictError(_l("This lot is used up already."))
    lot.used_up_at = uow.now
    return lot


def begin_downtime(uow: UnitOfWork, instrument_id: UUID, reason: str) -> Downtime:
    """Take an instrument out of service; what it measures meanwhile waits for a person.

    Raises:
        NotFoundError: no such instrument of this laboratory.
        InvalidInputError: no reason.
        ConflictError: it is out of service already.
    """
    instrument = get_instrument(uow.session, uow.actor.require_organisation(), instrument_id)
    why = read_reason(reason)
    if open_downtime(uow.session, instrument_id) is not None:
        raise ConflictError(_l("This instrument is out of service already."))
    begun = Downtime(
        id=uuid4(),
        instrument_id=instrument.id,
        began_at=uow.now,
        reason=why,
        noted_by_id=uow.actor.require_person(),
        noted_at=uow.now,
    )
    uow.session.add(begun)
    uow.session.flush()
    return begun


def end_downtime(uow: UnitOfWork, instrument_id: UUID) -> Downtime:
    """Put an instrument back into service.

    Raises:
        NotFoundError: no such instrument of this laboratory.
        ConflictError: it is not out of service.
    """
    get_instrument(uow.session, uow.actor.require_organisation(), instrument_id)
    found = open_downtime(uow.session, instrument_id)
    if found is None:
        raise ConflictError(_l("This instrument is in service."))
    found.ended_at = uow.now
    return found


def _lots_in_use(uow: UnitOfWork, instrument_id: UUID, name: str) -> list[ReagentLot]:
    return list(
        uow.session.scalars(
            select(ReagentLot)
            .where(ReagentLot.instrument_id == instrument_id, ReagentLot.name == name, ReagentLot.used_up_at.is_(None))
            .order_by(ReagentLot.in_use_from, ReagentLot.id)
            .with_for_update()
        )
    )
