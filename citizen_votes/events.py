"""Facts about rounds. None of them names a voter or a ballot."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundEvent(Event):
    """Base of what happens to one round."""

    round_id: UUID

    def chain(self) -> str:
        return f"round:{self.round_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundOpened(RoundEvent):
    """Votes are taken, by rules that cannot change any more."""

    name: ClassVar[str] = "citizen_votes.round_opened.v1"
    rules_sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BallotsMixed(RoundEvent):
    """A batch of ballots became countable; the digest covers their sorted commitments."""

    name: ClassVar[str] = "citizen_votes.ballots_mixed.v1"
    ballots: int
    batch_sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundClosed(RoundEvent):
    """No more votes are taken."""

    name: ClassVar[str] = "citizen_votes.round_closed.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundCounted(RoundEvent):
    """The tally stands and can be planned from."""

    name: ClassVar[str] = "citizen_votes.round_counted.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundKeyDestroyed(RoundEvent):
    """The key that made voters' tags is gone; from now on the tags lead to nobody."""

    name: ClassVar[str] = "citizen_votes.round_key_destroyed.v1"
