"""Counting: tiers weighed, nominations bounded, four figures kept apart. Exact integers throughout."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from citizen_votes.types import ApprovalCount, PickCounters, Tally, TallyLine, Tier
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l

PPM = 1_000_000
DEVICE_CAP_PPM = 100_000  # approvals from devices weigh at most 10 % of all together
# Distinct voters who must name a business before it holds a second and a third ticket in the draw: one competitor with
# two friends moves nothing, and no number of votes moves it beyond the last step.
NOMINATION_STEPS = (3, 10)
MAX_PER_NETWORK_DAY = 3  # nominations of one business that count from one network on one day


class Nomination(NamedTuple):
    """One voter named one business; the network is a keyed digest that changes every day."""

    business_id: str
    network_tag: bytes
    named_on: date


def count_votes(counts: Iterable[ApprovalCount], offered: Sequence[str], device_cap_ppm: int = DEVICE_CAP_PPM) -> Tally:
    """Weigh the approvals of a round.

    A verified approval (one-time code, assisted ballot) weighs 1. Approvals from devices weigh 1 as well, unless all of
    them together would exceed the cap of the total mass; then they share exactly the cap. Where nobody verified voted,
    devices alone weigh nothing: they are published, and steer no sample.

    Args:
        counts: approvals by stratum and tier; several of the same add up.
        offered: the strata of the round, in their order.
        device_cap_ppm: the largest part of the total mass for devices, below one million.

    Raises:
        InvalidInputError: approvals of a stratum that was not offered.

    Source: product decision on tiers; domain handbook section 7 (picks steer draw weight, never a result).
    """
    verified: Counter[str] = Counter(dict.fromkeys(offered, 0))
    device: Counter[str] = Counter(dict.fromkeys(offered, 0))
    for count in counts:
        if count.stratum not in verified:
            raise InvalidInputError(
                _l("%(choice)s is not offered in this round.", choice=count.stratum), field="stratum"
            )
        (device if count.tier is Tier.DEVICE else verified)[count.stratum] += count.approvals
    # Devices may weigh cap / (1 - cap) of the verified: exact with both sides over one denominator.
    allowance = device_cap_ppm * verified.total()
    demand = (PPM - device_cap_ppm) * device.total()
    by_verified, by_device = (demand, allowance) if demand > allowance else (1, 1)
    lines = tuple(
        TallyLine(
            stratum,
            verified[stratum] + device[stratum],
            device[stratum],
            by_verified * verified[stratum] + by_device * device[stratum],
        )
        for stratum in offered
    )
    return Tally(lines, sum(line.mass for line in lines), PPM * by_device // by_verified)


def count_nominations(nominations: Iterable[Nomination], per_network_day: int = MAX_PER_NETWORK_DAY) -> Counter[str]:
    """How often each business counts as named: at most so many times from one network on one day."""
    seen = Counter(nominations)
    counted: Counter[str] = Counter()
    for nomination, times in seen.items():
        counted[nomination.business_id] += min(times, per_network_day)
    return counted


def weigh_nominations(named: int, steps: Sequence[int] = NOMINATION_STEPS) -> int:
    """The weight of a business in the draw: 1, and one more for each step its nominations reach.

    Never above `len(steps) + 1`, the bound that the draw record publishes.
    """
    return 1 + bisect_right(steps, named)


def count_picks(entries: Iterable[tuple[str, str | None]], planned: Collection[object]) -> PickCounters:
    """The four figures of a campaign.

    Args:
        entries: category and business (None where none was named) of every submission.
        planned: the picks that became planned batches.
    """
    submissions, categories, businesses = 0, set(), set()
    for category, business in entries:
        submissions += 1
        categories.add(category)
        if business is not None:
            businesses.add(business)
    return PickCounters(submissions, len(categories), len(businesses), len(planned))
