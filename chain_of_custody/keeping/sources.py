"""What the clock of a kept portion needs to know from the packages above: conclusions, and what holds a portion back.

They are asked, and not told: the answer at the instant of a disposal decides, so a recheck that was asked for just now
holds its portion.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from chain_of_custody.keeping.types import Concluded, Hold

ConclusionReader = Callable[[Session, Collection[UUID]], Mapping[UUID, Concluded]]
HoldReader = Callable[[Session, Collection[UUID]], Mapping[UUID, Sequence[Hold]]]
_conclusion_readers: list[ConclusionReader] = []
_hold_readers: list[HoldReader] = []


def register_conclusion_reader(reader: ConclusionReader) -> None:
    """Bring the conclusions of samples, by the id of the sample; whoever concludes lies above this package."""
    if reader not in _conclusion_readers:
        _conclusion_readers.append(reader)


def register_hold_reader(reader: HoldReader) -> None:
    """Bring what holds the portions of samples back, by the id of the sample."""
    if reader not in _hold_readers:
        _hold_readers.append(reader)


def conclusions_of(session: Session, sample_ids: Collection[UUID]) -> dict[UUID, Concluded]:
    """The conclusion of each sample that has one."""
    return {key: found for read in _conclusion_readers for key, found in read(session, sample_ids).items()}


def holds_of(session: Session, sample_ids: Collection[UUID]) -> dict[UUID, list[Hold]]:
    """What holds the portions of each sample back, the oldest first."""
    holds: dict[UUID, list[Hold]] = defaultdict(list)
    for read in _hold_readers:
        for sample_id, found in read(session, sample_ids).items():
            holds[sample_id].extend(found)
    return {key: sorted(found, key=lambda hold: (hold.since, hold.reference)) for key, found in holds.items()}
