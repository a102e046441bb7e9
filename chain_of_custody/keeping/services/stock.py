"""Counting the store: a custodian scans what stands in a place, and every difference is cleared up in words."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from chain_of_custody.keeping.events import StockCounted
from chain_of_custody.keeping.models import StockCount, StockDifference, StockScan
from chain_of_custody.keeping.queries import get_count, kept_here, list_scans, numbers_on_labels, places_below
from chain_of_custody.keeping.rules import compare_stock
from chain_of_custody.keeping.types import DifferenceKind
from chain_of_custody.queries import get_place
from chain_of_custody.rules import normalise_scan
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.people.authorisations import Needed, require_authorised
from lims.people.types import AuthorisationKind
from lims.uow import UnitOfWork

MAX_SCANS = 5_000  # a cold store of a county laboratory holds fewer
LONGEST_LABEL = 60
SERIES = "stock_count"


def start_count(uow: UnitOfWork, place_id: UUID) -> StockCount:
    """Begin to count a place and everything below it.

    Raises:
        NotFoundError: no such place of this organisation.
        ConflictError: it is being counted already.
        NotAuthorisedError: the actor is not authorised to keep samples.
    """
    organisation_id = uow.actor.require_organisation()
    _require_keeper(uow)
    place = get_place(uow.session, organisation_id, place_id)
    year = f"{local_date(uow.now):%Y}"
    counted = StockCount(
        id=uuid4(),
        count_no=f"PD{year}{take_number(uow, SERIES, year):06d}",
        organisation_id=organisation_id,
        place_id=place.id,
        started_by_id=uow.actor.require_person(),
        started_at=uow.now,
    )
    uow.session.add(counted)
    uow.session.flush()
    return counted


def scan_stock(uow: UnitOfWork, count_id: UUID, codes: Sequence[str]) -> int:
    """Note what was read off the labels in the place; a number scanned twice is noted once.

    Locks the count, so that nothing is scanned into one that is being closed.

    Returns:
        How many of them were new.

    Raises:
        NotFoundError: no such count here.
        ConflictError: it is closed.
        NotAuthorisedError: the actor is not authorised to keep samples.
        InvalidInputError: nothing scanned, too much, or a number that no label has.
    """
    counted = _lock_open(uow, count_id)
    numbers = list(dict.fromkeys(number for code in codes if (number := normalise_scan(code))))
    too_long = next((number for number in numbers if len(number) > LONGEST_LABEL), None)
    if too_long is not None:
        raise InvalidInputError(_l("%(number)s is longer than any label.", number=too_long), field="codes")
    if not numbers:
        raise InvalidInputError(_l("Scan what stands here."), field="codes")
    known = {scan.scanned for scan in list_scans(uow.session, count_id)}
    fresh = [number for number in numbers if number not in known]
    if len(known) + len(fresh) > MAX_SCANS:
        raise InvalidInputError(
            _l("A count takes at most %(most)s portions: count a smaller place.", most=MAX_SCANS), field="codes"
        )
    person_id = uow.actor.require_person()
    uow.session.add_all(
        StockScan(stock_count_id=counted.id, scanned=number, scanned_by_id=person_id, scanned_at=uow.now)
        for number in fresh
    )
    return len(fresh)


def close_count(uow: UnitOfWork, count_id: UUID) -> Sequence[StockDifference]:
    """End a count: what was scanned is held against what is known to stand there now.

    Returns:
        The differences, empty when everything is as it should be.

    Raises:
        NotFoundError: no such count here.
        ConflictError: it is closed.
        NotAuthorisedError: the actor is not authorised to keep samples.

    Emits: StockCounted.
    """
    counted = _lock_open(uow, count_id)
    read = [scan.scanned for scan in list_scans(uow.session, count_id)]
    of_label = numbers_on_labels(uow.session, counted.organisation_id, read)
    scanned = list(dict.fromkeys(of_label.get(code, code) for code in read))
    kept = kept_here(uow.session, counted.organisation_id, scanned)
    inside = set(places_below(uow.session, counted.place_id))
    expected = [number for number, (_portion, place_id) in kept.items() if place_id in inside]
    differences = []
    for number, kind in compare_stock(expected, scanned, kept).items():
        portion_id, place_id = (None, None) if kind is DifferenceKind.UNEXPECTED else kept[number]
        differences.append(
            StockDifference(
                stock_count_id=counted.id, scanned=number, kind=kind, portion_id=portion_id, known_place_id=place_id
            )
        )
    uow.session.add_all(differences)
    counted.closed_by_id, counted.closed_at, counted.expected = uow.actor.require_person(), uow.now, len(expected)
    uow.emit(StockCounted(stock_count_id=counted.id, scanned=len(scanned), differences=len(differences)))
    return differences


def resolve_difference(uow: UnitOfWork, count_id: UUID, scanned: str, resolution: str) -> StockDifference:
    """Write down how a difference was cleared up; once.

    Raises:
        NotFoundError: no such difference here.
        ConflictError: it was resolved.
        NotAuthorisedError: the actor is not authorised to keep samples.
        InvalidInputError: nothing written down.
    """
    get_count(uow.session, uow.actor.require_organisation(), count_id)
    found = uow.session.get(StockDifference, (count_id, scanned), with_for_update=True)
    if found is None:
        raise NotFoundError
    _require_keeper(uow)
    if found.resolved_at is not None:
        raise ConflictError(_l("This was resolved already."))
    if not resolution.strip():
        raise InvalidInputError(_l("Say how it was cleared up."), field="resolution")
    found.resolved_at, found.resolution = uow.now, resolution.strip()
    found.resolved_by_id = uow.actor.require_person()
    return found


def _lock_open(uow: UnitOfWork, count_id: UUID) -> StockCount:
    counted = uow.session.get(StockCount, count_id, with_for_update=True)
    if counted is None or counted.organisation_id != uow.actor.organisation_id:
        raise NotFoundError
    _require_keeper(uow)
    if counted.closed_at is not None:
        raise ConflictError(_l("This count is closed."))
    return counted


def _require_keeper(uow: UnitOfWork) -> None:
    """A store holds food of every kind, so an authorisation for any of it will do."""
    require_authorised(uow.session, [Needed.of(uow.actor, AuthorisationKind.CUSTODY)], local_date(uow.now))
