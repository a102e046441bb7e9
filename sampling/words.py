"""The words of the trade for every value a form, a plan or a task can hold, in Chinese and English.

The Chinese is that of the official forms (domain handbook §4.1, §10): papers print it
whatever language the page was in.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from lims.i18n import current_locale
from lims.i18n import gettext as _
from sampling.models import PlanLine
from sampling.rules.allocation import PART_NAMES, Part
from sampling.rules.form import read_written
from sampling.types import (
    AreaType,
    Container,
    DateKind,
    NoSampleReason,
    Packaging,
    PhotoKind,
    PhysicalForm,
    PlaceKind,
    PlanKind,
    PlanState,
    ProductType,
    SampleAttribute,
    SampleSource,
    SamplingMethod,
    SeparationMode,
    Side,
    SignalKind,
    SignerKind,
    Stage,
    StorageCondition,
    TaskCategory,
    TaskState,
)


class Word(NamedTuple):
    """One value in both languages."""

    zh: str
    en: str


def bare_celsius(text: str | None) -> str | None:
    """A temperature of storage as it was written down, without the unit that some write and others leave out."""
    return _CELSIUS.sub("", text).strip() or None if text else None


def celsius_words(text: str | None) -> str:
    """A temperature of storage with its unit, the same however it was written down; words stay words."""
    bare = bare_celsius(text) or ""
    return f"{bare}℃" if any(sign.isdecimal() for sign in bare) else bare


def _table(kind: type[StrEnum], *words: tuple[str, str]) -> dict[StrEnum, Word]:
    return {value: Word(*word) for value, word in zip(kind, words, strict=True)}


# Values are listed in the order of their enum; `strict` finds one without its word when the module is read.
_CELSIUS = re.compile(r"\s*(?:[°º]\s*[Cc]|℃|摄氏度)")

WORDS: Mapping[type[StrEnum], Mapping[StrEnum, Word]] = {
    SeparationMode: _table(
        SeparationMode,
        ("内分离", "Internal"),
        ("外分离", "External"),
        ("质分离", "By the regulator"),
    ),
    Side: _table(Side, ("抽样方", "sampling side"), ("检验方", "testing side")),
    PlanKind: _table(
        PlanKind,
        ("常规抽检", "Routine"),
        ("专项抽检", "Special"),
        ("跟踪抽检", "Follow-up"),
        ("随机查餐厅", "Surprise at restaurants"),
        ("你点我检", "Public pick"),
        ("百姓点检日", "Public event"),
        ("重大活动保障", "Major event"),
        ("投诉举报", "Complaint"),
        ("线索", "Signal"),
        ("临时任务", "Unscheduled"),
        ("实验室质量考核", "Check of the laboratory"),
    ),
    TaskCategory: _table(
        TaskCategory,
        ("监督抽检", "Supervision"),
        ("抽检监测", "Sampling and monitoring"),
        ("风险监测", "Risk monitoring"),
        ("评价性抽检", "Evaluative"),
    ),
    PlanState: _table(
        PlanState, ("草稿", "Draft"), ("已计算", "Computed"), ("已批准", "Approved"), ("已结束", "Closed")
    ),
    Stage: _table(Stage, ("生产", "Production"), ("流通", "Circulation"), ("餐饮", "Catering")),
    PlaceKind: _table(
        PlaceKind,
        ("原辅料库", "Raw material store"),
        ("生产线", "Production line"),
        ("半成品库", "Semi-finished store"),
        ("成品库（待检区）", "Finished goods, unchecked"),
        ("成品库（已检区）", "Finished goods, checked"),
        ("农贸市场", "Farmers' market"),
        ("菜市场", "Food market"),
        ("批发市场", "Wholesale market"),
        ("商场", "Department store"),
        ("超市", "Supermarket"),
        ("小食杂店", "Grocery"),
        ("网购", "Online"),
        ("其他流通场所", "Other place of trade"),
        ("餐馆", "Restaurant"),
        ("学校／托幼食堂", "School canteen"),
        ("机关食堂", "Office canteen"),
        ("企事业单位食堂", "Enterprise canteen"),
        ("建筑工地食堂", "Site canteen"),
        ("小吃店", "Snack bar"),
        ("快餐店", "Fast food"),
        ("饮品店", "Drinks shop"),
        ("集体用餐配送单位", "Collective delivery"),
        ("中央厨房", "Central kitchen"),
        ("其他餐饮场所", "Other caterer"),
    ),
    AreaType: _table(AreaType, ("城市", "Urban"), ("乡村", "Rural"), ("景点", "Scenic spot")),
    TaskState: _table(
        TaskState,
        ("待抽样", "To be visited"),
        ("已抽样", "Sampled"),
        ("未抽到样", "No sample"),
        ("已撤回", "Withdrawn"),
    ),
    NoSampleReason: _table(
        NoSampleReason,
        ("停业关门", "Closed"),
        ("已搬迁", "Moved away"),
        ("无此食品", "No such food"),
        ("库存不足", "Stock too small"),
        ("拒绝抽样", "Refused"),
    ),
    DateKind: _table(DateKind, ("生产", "Produced"), ("加工", "Processed"), ("购进", "Purchased")),
    Packaging: _table(Packaging, ("预包装", "Prepackaged"), ("散装", "Loose")),
    ProductType: _table(
        ProductType,
        ("食用农产品", "Produce"),
        ("工业加工食品", "Industrial food"),
        ("餐饮加工食品", "Made by a caterer"),
        ("食品添加剂", "Food additive"),
        ("食品相关产品", "Contact material"),
        ("其他", "Other"),
    ),
    SampleSource: _table(
        SampleSource,
        ("加工／自制", "Made here"),
        ("委托生产", "Commissioned production"),
        ("外购", "Bought in"),
        ("其他", "Other"),
    ),
    SampleAttribute: _table(
        SampleAttribute,
        ("普通食品", "Ordinary food"),
        ("特殊膳食食品", "Special diet"),
        ("节令食品", "Seasonal food"),
        ("重大活动保障食品", "Major event"),
    ),
    SamplingMethod: _table(SamplingMethod, ("无菌抽样", "Aseptic"), ("非无菌抽样", "Not aseptic")),
    PhysicalForm: _table(
        PhysicalForm, ("固体", "Solid"), ("半固体", "Semi-solid"), ("液体", "Liquid"), ("气体", "Gas")
    ),
    Container: _table(
        Container,
        ("玻璃瓶", "Glass bottle"),
        ("塑料瓶", "Plastic bottle"),
        ("塑料袋", "Plastic bag"),
        ("无菌袋", "Sterile bag"),
        ("其他", "Other"),
    ),
    StorageCondition: _table(
        StorageCondition,
        ("常温", "Ambient"),
        ("冷藏", "Chilled"),
        ("冷冻", "Frozen"),
        ("避光", "Dark"),
        ("密闭", "Airtight"),
        ("其他", "Other"),
    ),
    PhotoKind: _table(
        PhotoKind,
        ("场所外观", "The place"),
        ("证照", "Licence"),
        ("货架及存放", "Shelf and storage"),
        ("标签", "Label"),
        ("样品", "The sample"),
        ("封样", "Sealing"),
        ("购样凭证", "Purchase ticket"),
        ("进货票据", "Supply note"),
        ("承诺达标合格证", "Commitment certificate"),
        ("网店页面", "Online shop"),
        ("网购订单", "Online order"),
        ("拆包", "Unpacking"),
        ("抽样人员", "The team"),
    ),
    SignerKind: _table(
        SignerKind,
        ("抽样人员（一）", "First sampler"),
        ("抽样人员（二）", "Second sampler"),
        ("陪同监管人员", "Accompanying officer"),
        ("被抽样单位", "Sampled party"),
        ("生产者", "Producer"),
    ),
    SignalKind: _table(
        SignalKind,
        ("投诉举报", "Complaint"),
        ("后厨监控预警", "Kitchen camera"),
        ("快检阳性", "Quick-test positive"),
        ("多次不合格", "Repeated failures"),
        ("平台报告", "Platform report"),
    ),
}


def word_of(value: StrEnum | None) -> str:
    """A value in the language of the reader; nothing for None."""
    if value is None:
        return ""
    word = WORDS[type(value)][value]
    return word.en if current_locale() == "en" else word.zh


def explain_line(line: PlanLine) -> str:
    """`15 = 2 floor + 6 statutory + 5 risk + 2 votes`, in the language of the reader."""
    reasons = [f"{line.parts[part.value]} {PART_NAMES[part]}" for part in Part if line.parts.get(part.value)]
    return f"{line.samples} = {' + '.join(reasons)}" if reasons else str(line.samples)


def official(value: StrEnum) -> str:
    """A value as the official forms print it."""
    return WORDS[type(value)][value].zh


def shown_value(field: str, text: str | None) -> str:
    """A value of the sampling form, as a correction keeps it, in the words of the reader."""
    value = read_written(field, text)
    if value is None:
        return "/"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return word_of(value) if isinstance(value, StrEnum) else str(value)


def choices_of(kind: type[StrEnum], *, only: tuple[StrEnum, ...] | None = None) -> list[tuple[str, str]]:
    """Values and words of an enum for a form field."""
    return [(value.value, word_of(value)) for value in WORDS[kind] if only is None or value in only]
