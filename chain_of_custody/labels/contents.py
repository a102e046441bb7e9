"""What labels, seals and receipts show.

**Source:** domain.md §4.2 (封条 and 样品标签: content usual, material and size the organisation's choice).
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum


@dataclass(frozen=True, slots=True)
class Millimetres:
    """Width and height of a label."""

    width: int
    height: int


class LabelSize(Enum):
    """The sizes label stock is sold in."""

    SMALL = Millimetres(40, 30)
    MEDIUM = Millimetres(60, 40)
    LARGE = Millimetres(100, 70)


@dataclass(frozen=True, slots=True)
class LabelContent:
    """A label of any kind: a heading, the code that is scanned, and lines to read.

    Attributes:
        code: ASCII; printed as Code 128 where the label is wide enough for it, and always as QR.
        lines: caption and text; an empty text leaves a line to write on by hand.
    """

    heading: str
    code: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PortionLabel:
    """样品标签 of one portion inside the laboratory.

    It knows the blind code only: nothing on it leads the bench to whose sample it is.
    """

    blind_code: str
    portion: str  # 检验样品, 复检备份样品
    state: str  # 待检, 在检, 已检, 留样
    storage: str
    received_on: date

    def content(self) -> LabelContent:
        """What is printed."""
        lines = (("类别", self.portion), ("状态", self.state), ("储存", self.storage))
        return LabelContent("样品标签", self.blind_code, (*lines, ("收样", self.received_on.isoformat())))


@dataclass(frozen=True, slots=True)
class FieldLabel:
    """样品标签 of one portion on its way from the stall to the laboratory, before it is recoded."""

    portion_no: str
    sample_name: str
    portion: str
    quantity: str
    storage: str
    sampled_on: date

    def content(self) -> LabelContent:
        """What is printed."""
        lines = (("样品", self.sample_name), ("类别", self.portion), ("数量", self.quantity), ("储存", self.storage))
        return LabelContent("抽检样品", self.portion_no, (*lines, ("抽样", self.sampled_on.isoformat())))


@dataclass(frozen=True, slots=True)
class BlankLabel:
    """样品标签 of a portion that is not taken yet: its number, and lines to write on at the stall."""

    label_no: str

    def content(self) -> LabelContent:
        """What is printed."""
        return LabelContent("抽检样品", self.label_no, (("样品", ""), ("类别", ""), ("抽样", "")))


@dataclass(frozen=True, slots=True)
class SealLabel:
    """封条 of one portion; samplers and party sign on it by hand unless their names are given."""

    seal_no: str
    sampling_no: str
    portion: str
    sealed_on: date
    samplers: tuple[str, ...] = ()
    party: str = ""

    def content(self) -> LabelContent:
        """What is printed."""
        lines = (("抽样单", self.sampling_no), ("类别", self.portion), ("封样日期", self.sealed_on.isoformat()))
        signers = (("抽样人", "、".join(self.samplers)), ("被抽样单位", self.party))
        return LabelContent("封　条", self.seal_no, (*lines, *signers))


@dataclass(frozen=True, slots=True)
class Receipt:
    """A strip of paper for a belt printer: a heading, lines, and a QR code to open."""

    heading: str
    lines: tuple[tuple[str, str], ...]
    url: str | None = None
    footer: str = ""
