"""What a fail opens: how severe it is, who is concerned, and which clock runs next."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal

from lims.catalog.types import Hazard
from results.referral.types import (
    Addressee,
    BranchKind,
    BranchState,
    Clocks,
    EscalationMark,
    FailedItem,
    HandlingPart,
    Parties,
    Party,
    Severity,
)


def severity_of(items: Iterable[FailedItem], gross_excess_factor: Decimal) -> Severity:
    """Urgent for illegal additives, prohibited drugs, pathogens and gross excess, general otherwise.

    Args:
        items: what failed.
        gross_excess_factor: from which multiple of a maximum an excess counts as gross (rule parameter).

    **Source:** Measures Art. 29; domain.md §8 (failing by level).
    """
    urgent = any(item.hazard is not Hazard.NONE or _is_gross(item, gross_excess_factor) for item in items)
    return Severity.URGENT if urgent else Severity.GENERAL


def _is_gross(item: FailedItem, factor: Decimal) -> bool:
    if item.measured is None or not item.limit_max:
        return False
    return item.measured >= item.limit_max * factor


def branches_of(parties: Parties) -> dict[BranchKind, Party]:
    """One to three branches: always the operator; the producer where it is somebody else; the platform of a purchase.

    **Source:** domain.md §8 (two branches in parallel, a third for an online platform).
    """
    found = {BranchKind.OPERATOR: parties.operator}
    if parties.producer is not None and parties.producer.name != parties.operator.name:
        found[BranchKind.PRODUCER] = parties.producer
    if parties.platform is not None:
        found[BranchKind.PLATFORM] = parties.platform
    return found


def addressees_of(parties: Parties, *, passed: bool) -> dict[Addressee, Party]:
    """Who is told: after a pass the sampled party, after a fail everybody concerned.

    **Source:** Measures Art. 29 (believed; domain.md §2.1 `serve_notice`).
    """
    found = {Addressee.SAMPLED_PARTY: parties.operator}
    if passed:
        return found
    if parties.producer is not None and parties.producer.name != parties.operator.name:
        found[Addressee.NOMINAL_PRODUCER] = parties.producer
    if parties.market_organiser is not None:
        found[Addressee.MARKET_ORGANISER] = parties.market_organiser
    if parties.platform is not None:
        found[Addressee.PLATFORM] = parties.platform
    return found


def next_clock(state: BranchState, submitted: Collection[HandlingPart], clocks: Clocks) -> datetime:
    """The instant by which the next thing must be done in a branch."""
    if state is BranchState.OPEN:
        return clocks.acknowledge_due_at
    if HandlingPart.START not in submitted:
        return clocks.start_due_at
    if HandlingPart.PRODUCT_CONTROL not in submitted:
        return clocks.control_due_at
    return clocks.finish_due_at


def marks_due(
    state: BranchState, submitted: Collection[HandlingPart], clocks: Clocks, now: datetime
) -> list[EscalationMark]:
    """Everything that should have been done by now and was not.

    **Source:** domain.md §8 (warning marks); the instants come from rule parameters.
    """
    found = []
    if state is BranchState.OPEN and now >= clocks.acknowledge_due_at:
        found.append(EscalationMark.UNACKNOWLEDGED)
    if HandlingPart.START not in submitted and now >= clocks.start_due_at:
        found.append(EscalationMark.NOT_STARTED)
    if HandlingPart.PRODUCT_CONTROL not in submitted and now >= clocks.control_due_at:
        found.append(EscalationMark.NO_PRODUCT_CONTROL)
    if now >= clocks.finish_due_at:
        found.append(EscalationMark.NOT_FINISHED)
    return found
