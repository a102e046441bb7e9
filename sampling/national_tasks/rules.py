"""Tasks of the national system: reading a row, dividing batches so that parts add up, and how far they have come."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence

from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from sampling.national_tasks.types import Progress, Sides
from sampling.types import SampleState, SeparationMode

MOST_PARTS = 12  # at once: a task is divided among a few organisations
MOST_BATCHES = 100_000  # more than a province samples in a year
LOST = frozenset({SampleState.REFUSED, SampleState.VOID, SampleState.NOT_TESTED})
REPORTED = frozenset({SampleState.SIGNED, SampleState.SERVED, SampleState.CLOSED, SampleState.RECHECK})
TESTED = REPORTED | {SampleState.LOCKED, SampleState.EVALUATED}
RECEIVED = TESTED | {SampleState.RECEIVED, SampleState.RECODED, SampleState.TESTING}
REFERENCE_DIGITS = 10  # of a digest: a regulator holds some thousands of tasks a year


def read_batches(text: str) -> int:
    """How many batches a cell names.

    Raises:
        InvalidInputError: it is no whole number from 1 on.
    """
    digits = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).removesuffix("批次").removesuffix("批")
    digits = digits.removesuffix(".0")  # workbooks keep 200 as 200.0
    if not digits.isascii() or not digits.isdecimal() or not 1 <= int(digits) <= MOST_BATCHES:
        raise InvalidInputError(
            _l("The batches are “%(given)s”, expected a number from 1 to %(most)s.", given=text, most=MOST_BATCHES)
        )
    return int(digits)


def reference_of(given: str, told_by: Sequence[str]) -> str:
    """The number of a task; where the system gave none, one that the same row always leads to.

    Args:
        given: what stands in the column of numbers.
        told_by: what makes it this task: source, classes, category of the work, food, region, stage.
    """
    number = re.sub(r"\s+", "", unicodedata.normalize("NFKC", given))
    if number:
        return number
    return "#" + hashlib.sha256("\x1f".join(told_by).encode()).hexdigest()[:REFERENCE_DIGITS]


def check_division(rest: int, parts: Sequence[int]) -> None:
    """Refuse parts that do not fit into what is not assigned yet.

    Args:
        rest: batches of the task that are in no part.
        parts: batches of the parts that are wanted.

    Raises:
        InvalidInputError: none, one below 1, or more in all than the rest.
    """
    if not parts:
        raise InvalidInputError(_l("Name at least one part."))
    for number, batches in enumerate(parts, start=1):
        if batches < 1:
            raise InvalidInputError(
                _l("Part %(number)s has %(batches)s batches, expected 1 or more.", number=number, batches=batches),
            )
    if sum(parts) > rest:
        raise InvalidInputError(
            _l(
                "The parts have %(total)s batches (%(each)s), but only %(rest)s are left to assign.",
                total=sum(parts),
                each=" + ".join(map(str, parts)),
                rest=rest,
            ),
        )


def check_sides(parts: Sequence[Sides]) -> None:
    """Refuse a division that puts one company group on both sides of one task.

    Its parts stand in plans of their own, whose keys see one part each; a task is one food category all the same.

    Source: 外分离, "the sampling and the testing of one category are done by different organisations" (domain.md §3).

    Raises:
        InvalidInputError: some group samples one part and tests another.
    """
    apart = [one for one in parts if one.mode is not SeparationMode.INTERNAL]
    if {one.sampling_party_id for one in apart} & {one.testing_party_id for one in apart}:
        raise InvalidInputError(
            _l("One group would sample a part of this task and test another; in this mode it stands on one side only."),
            field="lab_id",
        )


def check_move(part: int, begun: int, batches: int) -> None:
    """Refuse to take more from a part than is not begun yet.

    Args:
        part: batches of the part.
        begun: of these, with a sample that was taken and not lost.
        batches: that are to move.

    Raises:
        InvalidInputError: less than 1.
        ConflictError: more than is left.
    """
    if batches < 1:
        raise InvalidInputError(_l("%(batches)s batches, expected 1 or more.", batches=batches), field="batches")
    if batches > part - begun:
        raise ConflictError(
            _l(
                "Of the %(part)s batches %(begun)s have begun and stay; at most %(most)s can move, not %(batches)s.",
                part=part,
                begun=begun,
                most=max(part - begun, 0),
                batches=batches,
            ),
            field="batches",
        )


def visits_to_withdraw(part: int, begun: int, to_come: int, batches: int) -> int:
    """How many visits to come have no batch left once so many have moved."""
    return max(to_come - (part - batches - begun), 0)


def progress_of(planned: int, assigned: int, samples: Mapping[SampleState, int]) -> Progress:
    """How far batches have come, from the states of their samples."""

    def count(states: frozenset[SampleState]) -> int:
        return sum(number for state, number in samples.items() if state in states)

    taken = sum(samples.values()) - count(LOST)
    return Progress(planned, assigned, taken, count(RECEIVED), count(TESTED), count(REPORTED), count(LOST))
