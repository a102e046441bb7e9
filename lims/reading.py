"""Reference data are read once in a unit of work, however many of its services ask.

A batch of reports asks for the same laboratory, calendar and rule parameters with every report. A function under
`read_once` answers a unit of work from what it read before, until the unit itself changes a row of a `ReadOnce` table;
outside a unit of work it reads every time.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

KEPT = "lims.reading.kept"

P = ParamSpec("P")
R = TypeVar("R")


class ReadOnce:
    """Mixin of tables that a unit of work may read once: what was kept is forgotten when it changes one of them."""


def keep_reads(session: Session) -> None:
    """Let `read_once` functions keep their answers for the life of this session."""
    session.info[KEPT] = {}


def forget_reads(session: Session) -> None:
    """Forget what was kept if the flush that is going on changes reference data."""
    if _changes_reference(session):
        keep_reads(session)


def _changes_reference(session: Session) -> bool:
    return any(isinstance(row, ReadOnce) for row in (*session.new, *session.dirty, *session.deleted))


def read_once(read: Callable[Concatenate[Session, P], R]) -> Callable[Concatenate[Session, P], R]:
    """Keep the answers of a function that reads reference data; its arguments must be hashable, its answer not changed.

    An exception is not kept.
    """

    @wraps(read)
    def once(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> R:
        kept: dict[Any, R] | None = session.info.get(KEPT)
        if kept is None or _changes_reference(session):  # what waits for its flush is seen by reading
            return read(session, *args, **kwargs)
        question = (read, args, tuple(sorted(kwargs.items())))
        if question not in kept:
            kept[question] = read(session, *args, **kwargs)
        return kept[question]

    return once
