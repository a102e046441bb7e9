"""Words and values of the public pick."""

from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """How sure the round is that one voter stands behind one tag."""

    DEVICE = "device"  # a token of the device and a proof of work: cheap to repeat, so all together weigh little
    ONE_TIME_CODE = "one_time_code"  # a code sent to a telephone or mailbox
    ASSISTED = "assisted"  # a paper ballot taken by two clerks


class CodeChannel(StrEnum):
    """Where a one-time code is sent."""

    SMS = "sms"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class ApprovalCount:
    """How often ballots of one tier approved one stratum."""

    stratum: str
    tier: Tier
    approvals: int


@dataclass(frozen=True, slots=True)
class TallyLine:
    """What one stratum received.

    Args:
        stratum: its code.
        approvals: ballots of all tiers that named it, unweighted, as published.
        device_approvals: how many of them came from devices only.
        mass: what it weighs in the plan; exact, comparable within one tally only.
    """

    stratum: str
    approvals: int
    device_approvals: int
    mass: int


@dataclass(frozen=True, slots=True)
class Tally:
    """The outcome of a round.

    Args:
        lines: one per offered stratum, also those nobody chose, in the order offered.
        total_mass: the sum of all masses.
        device_weight_ppm: what one approval from a device weighs beside a verified one, in parts per million, rounded
            down, to be shown; the masses are exact.
    """

    lines: tuple[TallyLine, ...]
    total_mass: int
    device_weight_ppm: int


@dataclass(frozen=True, slots=True)
class PickCounters:
    """The four figures a campaign is measured by; they are never mixed (domain handbook section 7).

    Args:
        pick_entry: submissions.
        categories: distinct food categories named.
        businesses: distinct businesses named.
        pick_batch: picks that became planned batches.
    """

    pick_entry: int
    categories: int
    businesses: int
    pick_batch: int


class RoundState(StrEnum):
    """A round is drafted, opened, closed, counted, and its voter key destroyed."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    COUNTED = "counted"
    SEALED = "sealed"
