"""Signals for targeted sampling: taken in, then confirmed or dismissed by a person before they may steer anything."""

from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID, uuid4

from lims.catalog.queries import get_category
from lims.clock import local_date
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from sampling.models import Business, Signal
from sampling.types import PlaceKind, SignalKind

LEAST_WEIGHT, MOST_WEIGHT = 1, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalInput:
    """What somebody reports; the names are those of `signal`."""

    kind: SignalKind
    text: str
    weight: int
    expires_on: date
    food_category_id: UUID | None = None
    business_id: UUID | None = None
    place_kind: PlaceKind | None = None
    source_reference: str | None = None


def take_signal(uow: UnitOfWork, signal: SignalInput) -> Signal:
    """Take a signal in; it steers nothing until a person has confirmed it.

    Raises:
        InvalidInputError: no words, a weight outside 1 to 100, or a day that has passed.
        NotFoundError: no such food or business.
    """
    if not signal.text.strip():
        raise InvalidInputError(_l("Fill this in."), field="text")
    if not LEAST_WEIGHT <= signal.weight <= MOST_WEIGHT:
        raise InvalidInputError(_l("The weight is %(given)s, expected 1 to 100.", given=signal.weight), field="weight")
    today = local_date(uow.now)
    if signal.expires_on < today:
        raise InvalidInputError(
            _l(
                "The date is %(day)s, expected %(today)s or later.",
                day=signal.expires_on.isoformat(),
                today=today.isoformat(),
            ),
            field="expires_on",
        )
    if signal.food_category_id is not None:
        get_category(uow.session, signal.food_category_id)
    if signal.business_id is not None and uow.session.get(Business, signal.business_id) is None:
        raise NotFoundError
    taken = Signal(id=uuid4(), organisation_id=uow.actor.require_organisation(), received_at=uow.now, **asdict(signal))
    uow.session.add(taken)
    uow.session.flush()
    return taken


def confirm_signal(uow: UnitOfWork, signal_id: UUID) -> Signal:
    """Let a signal steer samples, after a person has looked at it.

    Raises:
        NotFoundError: no such signal of the actor's organisation.
        ConflictError: it was decided on already.
    """
    signal = _undecided(uow, signal_id)
    signal.confirmed_by_id, signal.confirmed_at = uow.actor.require_person(), uow.now
    return signal


def dismiss_signal(uow: UnitOfWork, signal_id: UUID, reason: str) -> Signal:
    """Put a signal aside, and say why.

    Raises:
        NotFoundError: no such signal of the actor's organisation.
        ConflictError: it was decided on already.
        InvalidInputError: no reason.
    """
    why = read_reason(reason)
    signal = _undecided(uow, signal_id)
    signal.dismissed_reason = why
    return signal


def _undecided(uow: UnitOfWork, signal_id: UUID) -> Signal:
    signal = uow.session.get(Signal, signal_id, with_for_update=True)
    if signal is None or signal.organisation_id != uow.actor.organisation_id:
        raise NotFoundError
    if signal.confirmed_at is not None or signal.dismissed_reason is not None:
        raise ConflictError(_l("This signal was decided on already."))
    return signal
