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


class NominationState(StrEnum):
    """A nomination waits for a person, who accepts or rejects it."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A kind of place in the words of people who shop there; `code` is the place kind of the sampling form."""

    code: str
    zh: str
    en: str


# The kinds of place (domain handbook section 4.1) that people know from buying and eating.
PLACES = (
    PlaceName("farmers_market", "农贸市场", "Farmers' market"),
    PlaceName("food_market", "菜市场", "Food market"),
    PlaceName("supermarket", "超市", "Supermarket"),
    PlaceName("grocery", "小食杂店", "Corner shop"),
    PlaceName("wholesale_market", "批发市场", "Wholesale market"),
    PlaceName("online", "网购", "Online shop"),
    PlaceName("restaurant", "餐馆", "Restaurant"),
    PlaceName("snack_bar", "小吃店", "Snack bar"),
    PlaceName("fast_food", "快餐店", "Fast food"),
    PlaceName("drinks_shop", "饮品店", "Drinks shop"),
    PlaceName("school_canteen", "学校食堂", "School canteen"),
)


@dataclass(frozen=True, slots=True)
class Stratum:
    """One thing a round offers: a food category at a kind of place."""

    food_category_code: str
    place_kind: str

    @property
    def code(self) -> str:
        """Its name in tallies and plans: `food_category_code@place_kind`."""
        return f"{self.food_category_code}@{self.place_kind}"


@dataclass(frozen=True, slots=True)
class Proof:
    """A challenge and its solution, as they came from the device."""

    challenge: str
    solution: str
