"""Typed events and who listens to them.

An event is a frozen fact in the past tense. `in_transaction` subscribers run inside the publisher's transaction, and
their failure undoes it; `after_commit` subscribers are tasks that the outbox delivers at least once and whose effect
happens exactly once (`lims.outbox`).
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from lims.ledger.capture import plain

if TYPE_CHECKING:
    from lims.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events. `name` is `package.noun_verbed.v1`; fields are ids and small facts, no personal data."""

    name: ClassVar[str]

    def chain(self) -> str:
        """The ledger chain this fact belongs to, such as `sample:<id>`."""
        raise AssertionError(f"{type(self).__name__} does not name its chain")

    def to_payload(self) -> dict[str, Any]:
        """The fact as JSON: what the ledger and the outbox hold."""
        return {"name": self.name} | {item.name: plain(getattr(self, item.name)) for item in fields(self)}


EventT = TypeVar("EventT", bound=Event)
Subscriber = Callable[["UnitOfWork", Any], None]

_in_transaction: dict[type[Event], list[Subscriber]] = {}
_after_commit: dict[type[Event], list[str]] = {}


def in_transaction(event_type: type[EventT], subscriber: Callable[["UnitOfWork", EventT], None]) -> None:
    """Run `subscriber` inside the transaction that emits `event_type`; saying it twice changes nothing."""
    known = _in_transaction.setdefault(event_type, [])
    if subscriber not in known:
        known.append(subscriber)


def after_commit(event_type: type[Event], task: str) -> None:
    """Have the outbox deliver `event_type` to the background task named `task`; saying it twice changes nothing."""
    known = _after_commit.setdefault(event_type, [])
    if task not in known:
        known.append(task)


def subscribers_of(event: Event) -> tuple[Subscriber, ...]:
    """Who runs inside the transaction."""
    return tuple(_in_transaction.get(type(event), ()))


def tasks_of(event: Event) -> tuple[str, ...]:
    """Which background tasks the outbox must reach."""
    return tuple(_after_commit.get(type(event), ()))


def all_event_types() -> list[type[Event]]:
    """Every event class that has been imported, by name; a test compares them with the documentation."""
    found: dict[str, type[Event]] = {}  # by name: a dataclass with slots is made twice, and the last one is the class
    waiting = list(Event.__subclasses__())
    while waiting:
        cls = waiting.pop()
        waiting.extend(cls.__subclasses__())
        if "name" in cls.__dict__:
            found[cls.name] = cls
    return [found[name] for name in sorted(found)]
