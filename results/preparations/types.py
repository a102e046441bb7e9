"""Words of what the bench prepares: homogenates, standard solutions, other solutions."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class PreparationKind(StrEnum):
    """What was prepared."""

    HOMOGENATE = "homogenate"  # 匀浆: of one sample
    STANDARD = "standard"  # 标准溶液: with a concentration
    SOLUTION = "solution"  # 试剂溶液


class ParentKind(StrEnum):
    """What something was made from, or what a batch was measured with."""

    PREPARATION = "preparation"
    REAGENT_LOT = "reagent_lot"  # of an instrument's record
    CONTROL_LOT = "control_lot"  # a certified or control material


@dataclass(frozen=True, slots=True)
class Material:
    """A preparation or a lot as it is used.

    Attributes:
        number: by which people call it: the number of a preparation, the number of a lot.
        last_day: the last day on which it may be used.
        unusable: why it may not be used although it has not expired; empty otherwise.
        concentration: in `unit`; None where none is known.
    """

    kind: ParentKind
    id: UUID
    name: str
    number: str
    last_day: date
    unusable: str = ""
    concentration: Decimal | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of one parent, as it was written: `10 mL` of lot `GBW-1`."""

    number: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What is prepared, as it was written.

    Attributes:
        blind_code: of a homogenate: the sample it is made of.
        final_amount: how much there is in the end, with its unit.
        concentration: of a standard whose concentration does not follow from its one parent.
    """

    kind: PreparationKind
    name: str
    expires_on: date
    parents: tuple[Taken, ...] = ()
    blind_code: str = ""
    final_amount: str = ""
    concentration: str = ""
    storage: str = ""
