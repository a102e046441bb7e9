"""Items that are computed from other items: sums, shares of a maximum, dry matter, fresh weight."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from lims.quantities import Unit, convert
from results.types import Finding, FindingKind

_WHOLE = Decimal(100)
_PRECISION = Decimal("0.000000001")  # far beyond the three figures of a ratio


@dataclass(frozen=True, slots=True)
class ShareOfMaximum:
    """One preservative or colour of a mixture, and the most of it that the food may hold alone."""

    finding: Finding
    maximum: Decimal
    unit: Unit


def sum_of_shares(shares: Sequence[ShareOfMaximum]) -> Finding:
    """Add up results over their maximum use: the item 各自用量占其最大使用量的比例之和, whose limit is 1.

    What was not detected adds nothing. Only additives permitted in the food belong in the sum; one that is prohibited
    has a verdict of its own and no maximum.

    Args:
        shares: at least one; every maximum above 0.

    Returns:
        A measured ratio; `exceeds` when a part is only known to exceed a figure, `less_than` never.

    Raises:
        UnitMismatchError: a result that cannot be put in the unit of its maximum.

    Source: GB 2760-2024, 3.3 (mixtures of additives of one function).
    """
    total = Fraction(0)
    is_open = False
    for share in shares:
        if share.maximum <= 0:
            raise ValueError(f"maximum use {share.maximum}; expected a figure above 0")
        value, is_least = _least(share.finding, share.unit)
        is_open = is_open or is_least
        total += Fraction(value) / Fraction(share.maximum)
    ratio = (Decimal(total.numerator) / Decimal(total.denominator)).quantize(_PRECISION)
    ratio = ratio.normalize() if ratio else Decimal(0)
    if ratio == ratio.to_integral_value():
        ratio = ratio.quantize(Decimal(1))
    if is_open:
        return Finding(FindingKind.EXCEEDS, bound=ratio)
    return Finding(FindingKind.MEASURED, value=ratio)


def sum_of_items(parts: Sequence[Finding], unit: Unit) -> Finding:
    """Add up the parts of a combined item in one unit: 恩诺沙星 = 恩诺沙星 + 环丙沙星, 四环素类组合含量.

    Parts that were not detected, or not quantified, add nothing; when no part was quantified the sum was not detected,
    with the largest bound of its parts.

    Raises:
        UnitMismatchError: a part that cannot be put in `unit`.

    Source: GB 31650-2019, residue markers; domain rule 9.
    """
    quantified = [part for part in parts if part.value is not None or part.kind is FindingKind.EXCEEDS]
    if not quantified:
        bounds = [convert(part.bound, part.unit, unit) for part in parts if part.bound is not None]
        return Finding(FindingKind.NOT_DETECTED, bound=max(bounds, default=None), unit=unit)
    values = [_least(part, unit) for part in quantified]
    total = sum((value for value, _ in values), Decimal(0))
    if any(is_least for _, is_least in values):
        return Finding(FindingKind.EXCEEDS, bound=total, unit=unit)
    return Finding(FindingKind.MEASURED, value=total, unit=unit)


def _least(finding: Finding, unit: Unit) -> tuple[Decimal, bool]:
    """The least that a part adds, and whether it may be more."""
    own = finding.unit if finding.unit_stated else unit
    if finding.value is not None:
        return convert(finding.value, own, unit), False
    if finding.kind is FindingKind.EXCEEDS and finding.bound is not None:
        return convert(finding.bound, own, unit), True
    return Decimal(0), False


def to_dry_matter(value: Decimal, moisture_percent: Decimal) -> Decimal:
    """A result as sampled, expressed on dry matter.

    Args:
        value: in any unit per mass of the sample as received.
        moisture_percent: 0 to below 100, in g/100g.

    Source: GB 2762-2025, limits marked 干重计.
    """
    _require_share(moisture_percent, "moisture")
    return value / ((_WHOLE - moisture_percent) / _WHOLE)


def to_fresh_weight(value: Decimal, dehydration_percent: Decimal) -> Decimal:
    """A result of a dried food, expressed on the fresh one it was made from.

    Args:
        value: in any unit per mass of the dried food.
        dehydration_percent: share of the fresh mass that drying took away, 0 to below 100.

    Source: GB 2762-2025, 3.5: limits of dried foods follow from the fresh food by the dehydration rate.
    """
    _require_share(dehydration_percent, "dehydration")
    return value * (_WHOLE - dehydration_percent) / _WHOLE


def _require_share(percent: Decimal, name: str) -> None:
    if not 0 <= percent < _WHOLE:
        raise ValueError(f"{name} of {percent} %; expected 0 to below 100")
