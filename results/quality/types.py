"""Words of quality control: what stands in a batch beside the samples, by what it is judged, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from lims.quantities import Unit
from results.types import Finding


class LotKind(StrEnum):
    """What a control material is."""

    CONTROL = "control"  # 质控样: of one's own or bought, with a target and a standard deviation
    REFERENCE = "reference"  # 有证标准物质: certified, with its uncertainty


class SlotKind(StrEnum):
    """What stands in one position of a batch."""

    SAMPLE = "sample"
    BLANK = "blank"  # 方法空白
    CONTROL = "control"  # 质控样
    REFERENCE = "reference"  # 有证标准物质
    DUPLICATE = "duplicate"  # 平行样: a second test portion of a sample of the batch
    SPIKE = "spike"  # 加标样: a test portion of a sample of the batch to which a known amount was added


OF_SAMPLE = frozenset({SlotKind.SAMPLE, SlotKind.DUPLICATE, SlotKind.SPIKE})


class WestgardRule(StrEnum):
    """The rules of a control chart, by the names of the literature."""

    ONE_2S = "1_2s"
    ONE_3S = "1_3s"
    TWO_2S = "2_2s"
    RANGE_4S = "R_4s"
    FOUR_1S = "4_1s"
    TEN_X = "10_x"


class QcRule(StrEnum):
    """What decided about a result that no chart decides."""

    BLANK_LIMIT = "blank_limit"
    CERTIFIED_RANGE = "certified_range"
    RELATIVE_DIFFERENCE = "relative_difference"
    RECOVERY = "recovery"
    NOT_MEASURED = "not_measured"
    NO_FIGURE = "no_figure"  # a figure was needed, and something else was found


class QcOutcome(StrEnum):
    """What quality control says of one result."""

    IN_CONTROL = "in_control"
    WARNING = "warning"  # is shown, and holds nothing
    REJECTED = "rejected"  # holds the results of the batch


@dataclass(frozen=True, slots=True)
class BlankCriteria:
    """A blank holds no more than `limit`: the LOQ of the method, or its LOD; None where it states neither."""

    limit: Decimal | None


@dataclass(frozen=True, slots=True)
class ControlCriteria:
    """A control is held against the target of its lot in standard deviations."""

    target: Decimal
    deviation: Decimal


@dataclass(frozen=True, slots=True)
class RangeCriteria:
    """A certified material lies within the bounds of its certificate, both included."""

    target: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class DuplicateCriteria:
    """Two portions of one sample differ by at most `most_percent` of their mean.

    Attributes:
        seen_from: where one of the two found nothing, the other may lie up to here (LOQ, or LOD); None for nowhere.
    """

    most_percent: Decimal
    seen_from: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SpikeCriteria:
    """Of what was `added`, between `low_percent` and `high_percent` is found again, both included."""

    added: Decimal
    low_percent: Decimal
    high_percent: Decimal


Criteria = BlankCriteria | ControlCriteria | RangeCriteria | DuplicateCriteria | SpikeCriteria


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """One control measurement as the rules of the chart see it.

    Attributes:
        lot: which material, by any name that tells materials apart.
        z: (found - target) / standard deviation.
    """

    lot: str
    z: Decimal


@dataclass(frozen=True, slots=True)
class ControlChart:
    """Where on its chart a control measurement stands.

    Attributes:
        run: the control measurements of its item in its run, in their order.
        place: its own index among them.
        earlier: the runs before, the oldest first.
        applied: the rules in force.
    """

    run: tuple[ControlPoint, ...]
    place: int
    earlier: tuple[tuple[ControlPoint, ...], ...] = ()
    applied: frozenset[WestgardRule] = frozenset(WestgardRule)


@dataclass(frozen=True, slots=True)
class QcCase:
    """Everything that an evaluation depends on, stored with it so that it can be computed again.

    Attributes:
        criteria: its figures in `unit`.
        found: None where the position was not measured.
        compared: of a duplicate or a spike, what was found in the sample itself; None where that was not tested.
        chart: of a control.
    """

    criteria: Criteria
    unit: Unit
    found: Finding | None
    compared: Finding | None = None
    chart: ControlChart | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of one result of quality control.

    Attributes:
        figure: the z-score, the recovery or difference in per cent, or what was found in a blank; None without one.
        rules: what decided, the gravest first; for a control the rules it breaks, none when it is in control.
    """

    outcome: QcOutcome
    figure: Decimal | None = None
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedSlot:
    """One position of a batch that is about to be opened.

    Attributes:
        blind_code: of a sample, a duplicate or a spike.
        lot_id: of a control or a certified material.
        added_text: of a spike: how much, with its unit.
    """

    kind: SlotKind
    blind_code: str | None = None
    lot_id: UUID | None = None
    added_text: str = ""


@dataclass(frozen=True, slots=True)
class PastRun:
    """What controls gave in one run of the time before this program.

    Attributes:
        values: by lot, as it was written down.
    """

    at: datetime
    values: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class QcEntry:
    """One result of quality control as it was written.

    Attributes:
        position, item_id: where it belongs.
        text: as a tester writes a result; `/` for a position that was not measured, with the reason.
        reason: why, where it replaces one that stands or was not measured.
        reading_id: the reading of an instrument that it was taken over from.
        seen_version: the version that was on the screen, 0 for none; None where nobody looked.
    """

    position: int
    item_id: UUID
    text: str
    reason: str | None = None
    reading_id: UUID | None = None
    seen_version: int | None = None
