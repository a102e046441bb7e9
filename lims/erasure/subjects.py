"""Whose data can be erased, and where they are: each package says what it holds."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lims.errors import NotFoundError
from lims.i18n import LazyString

GONE = "（已删除）"


@dataclass(frozen=True, slots=True)
class Place:
    """Personal columns of one row, and what stands there once they are erased.

    Attributes:
        table: its name.
        key: the primary key by column.
        columns: column → what replaces it; None where the column may be empty.
    """

    table: str
    key: Mapping[str, Any]
    columns: Mapping[str, str | None]


Held = Callable[[Session, UUID], Iterable[Place]]


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """A kind of thing whose personal data can be erased.

    Attributes:
        name: `person`, `sample`.
        label: what it is called on the page.
        find: the id behind what was typed (a user name, a sampling number); None for nothing of the kind.
        obstacle: why it cannot be erased yet; None when it can.
        called: what these are called, by id: what was typed to find them, which is no personal data and stays.
    """

    name: str
    label: LazyString
    find: Callable[[Session, str], UUID | None]
    obstacle: Callable[[Session, UUID], LazyString | None]
    called: Callable[[Session, Collection[UUID]], Mapping[UUID, str]]
    held: list[Held] = field(default_factory=list)

    def places(self, session: Session, subject_id: UUID) -> list[Place]:
        """Every row that holds personal data of this one, whichever package it is of."""
        return [place for held in self.held for place in held(session, subject_id)]


_kinds: dict[str, SubjectKind] = {}


def register_subject(kind: SubjectKind) -> None:
    """Let personal data of this kind be erased; saying it twice changes nothing."""
    _kinds.setdefault(kind.name, kind)


def hold_personal_data(name: str, held: Held) -> None:
    """Say where a package keeps personal data of a kind that one below it registered."""
    known = _kinds[name].held
    if held not in known:
        known.append(held)


def subject_kinds() -> list[SubjectKind]:
    """All kinds, by name."""
    return [_kinds[name] for name in sorted(_kinds)]


def kind_of(name: str) -> SubjectKind:
    """The kind of this name.

    Raises:
        NotFoundError: there is none.
    """
    if name not in _kinds:
        raise NotFoundError
    return _kinds[name]
