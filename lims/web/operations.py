"""The counts of `/ops` that must be zero, each one query."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.ledger.models import LedgerPending, LedgerWitnessing
from lims.nightly import violations_last_night
from lims.outbox.models import OutboxMessage

LATE = timedelta(minutes=10)  # what a single outage may delay, product.md and design-notes C7

CountQuery = Callable[[Session, datetime], int]


@dataclass(frozen=True, slots=True)
class ZeroCount:
    """A number that is zero while all is well."""

    label: LazyString
    meaning: LazyString
    query: CountQuery


_counts: dict[str, ZeroCount] = {}


def register_count(name: str, label: LazyString, meaning: LazyString, query: CountQuery) -> None:
    """Add a count to the operations page; packages bring theirs."""
    _counts[name] = ZeroCount(label, meaning, query)


def count_all(session: Session, now: datetime) -> list[tuple[ZeroCount, int]]:
    """Every count with its figure now."""
    return [(count, count.query(session, now)) for _name, count in sorted(_counts.items())]


def _late_messages(session: Session, now: datetime) -> int:
    waiting = OutboxMessage.done_at.is_(None) & OutboxMessage.dead_at.is_(None)
    query = select(func.count()).select_from(OutboxMessage).where(waiting, OutboxMessage.created_at < now - LATE)
    return session.scalar(query) or 0


def _dead_messages(session: Session, _now: datetime) -> int:
    query = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.dead_at.is_not(None))
    return session.scalar(query) or 0


def _unsigned_events(session: Session, _now: datetime) -> int:
    return session.scalar(select(func.count()).select_from(LedgerPending)) or 0


def _refused_heads(session: Session, _now: datetime) -> int:
    """Witnesses whose last word is a refusal."""
    newest = select(func.max(LedgerWitnessing.id)).group_by(LedgerWitnessing.witness)
    refused = LedgerWitnessing.id.in_(newest) & LedgerWitnessing.refusal.is_not(None)
    return session.scalar(select(func.count()).select_from(LedgerWitnessing).where(refused)) or 0


def register_own_counts() -> None:
    """The counts of the ground floor."""
    register_count("outbox.late", _l("Messages late"), _l("waiting for more than ten minutes"), _late_messages)
    register_count("outbox.dead", _l("Messages given up"), _l("tried for 72 hours without success"), _dead_messages)
    register_count(
        "nightly.violations",
        _l("Violations last night"),
        _l("rows that break an invariant"),
        violations_last_night,
    )
    register_count(
        "ledger.refused",
        _l("Heads refused by a witness"),
        _l("it saw another history than this one"),
        _refused_heads,
    )
    register_count(
        "ledger.unsigned", _l("Events not yet signed"), _l("a few while people work, none at rest"), _unsigned_events
    )
