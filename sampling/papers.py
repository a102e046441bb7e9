"""The papers of sampling: what stands on the form, the notice and the purchase-cost notice.

Everything is as it is to be printed; None prints as `/`, the official mark of "not applicable". The words to tick stand
here because the form fixes them. A chosen word that the form does not print is shown behind 其他, never dropped.

**Source:** domain.md §4.1, §4.2; sampling form of the national system (2019–2021) and a county's set of forms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from lims import symbols
from lims.capital_numerals import yuan_in_words
from lims.papers import render_pdf

SAMPLING_FORM = "sampling/papers/sampling_form.typ"
SAMPLING_NOTICE = "sampling/papers/sampling_notice.typ"
PURCHASE_COST_NOTICE = "sampling/papers/purchase_cost_notice.typ"

OTHER = "其他"
STAGE_PLACES: Mapping[str, Sequence[str]] = {
    "生产": ("原辅料库", "生产线", "半成品库", "成品库（待检区）", "成品库（已检区）", OTHER),
    "流通": ("农贸市场", "菜市场", "批发市场", "商场", "超市", "小食杂店", "网购", OTHER),
    "餐饮": (
        "特大型餐馆",
        "大型餐馆",
        "中型餐馆",
        "小型餐馆",
        "机关食堂",
        "学校／托幼食堂",
        "企事业单位食堂",
        "建筑工地食堂",
        "小吃店",
        "快餐店",
        "饮品店",
        "集体用餐配送单位",
        "中央厨房",
        OTHER,
    ),
}
FORM_WORDS: Mapping[str, object] = {
    "place_kinds": STAGE_PLACES,
    "stages": tuple(STAGE_PLACES),
    "area_types": ("城市", "乡村", "景点"),
    "sample_kinds": ("食用农产品", "工业加工食品", "餐饮加工食品", "食品添加剂", "食品相关产品", OTHER),
    "sample_origins": ("加工／自制", "委托生产", "外购", OTHER),
    "sample_attributes": ("普通食品", "特殊膳食食品", "节令食品", "重大活动保障食品"),
    "date_kinds": ("生产", "加工", "购进"),
    "packagings": ("散装", "预包装"),
    "techniques": ("无菌抽样", "非无菌抽样"),
    "forms": ("固体", "半固体", "液体", "气体"),
    "storages": ("常温", "冷藏", "冷冻", "避光", "密闭", OTHER),
    "containers": ("玻璃瓶", "塑料瓶", "塑料袋", "无菌袋", OTHER),
}


class Copy(StrEnum):
    """The five copies of a sampling form, named for who keeps them."""

    ORGANISER = "第一联　组织抽样检验的市场监督管理部门留存"
    HANDLING = "第二联　负责核查处置的市场监督管理部门留存"
    PRODUCER = "第三联　标称食品生产者留存"
    SAMPLER = "第四联　抽样单位留存"
    PARTY = "第五联　被抽样单位留存"


class NoticeCopy(StrEnum):
    """The three copies of a sampling notice."""

    ORGANISER = "第一联　组织抽样检验的市场监督管理部门留存"
    SAMPLER = "第二联　抽样单位留存"
    PARTY = "第三联　被抽样单位留存"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature: a name, or the picture of what was drawn on the screen (PNG or JPEG)."""

    name: str | None = None
    drawn: bytes | None = None
    signed_on: date | None = None


UNSIGNED = Signature()


@dataclass(frozen=True, slots=True)
class PaperOrganisation:
    """The sampling organisation as it is printed."""

    name: str
    address: str | None = None
    contact: str | None = None
    phone: str | None = None
    fax: str | None = None
    postcode: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class PaperParty:
    """被抽样单位, the business that was sampled; the name as on its licence, in a market with the stall."""

    name: str
    address: str
    area_type: str | None = None
    uscc: str | None = None
    licence_kind: str | None = None
    licence_no: str | None = None
    legal_person: str | None = None
    contact: str | None = None
    phone: str | None = None
    annual_sales: str | None = None  # with its unit, asked in production only


@dataclass(frozen=True, slots=True)
class PaperOnlineShop:
    """Where an online purchase was made."""

    platform: str
    shop: str
    address: str


@dataclass(frozen=True, slots=True)
class PaperProducer:
    """标称食品生产者, the producer named on the label."""

    name: str | None = None
    address: str | None = None
    licence_no: str | None = None
    contact: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class PaperEntrustedProducer:
    """The third party of an entrusted production, and what it is to the producer (委托 or 受托)."""

    relation: str
    name: str
    address: str | None = None
    licence_no: str | None = None


@dataclass(frozen=True, slots=True)
class PaperTraceability:
    """Where produce and bulk food came from; `ticket` and `certificate` are 有 or 无."""

    supplier: str | None = None
    supplier_licence: str | None = None
    bought_on: date | None = None
    ticket: str | None = None
    certificate: str | None = None
    place_of_origin: str | None = None


@dataclass(frozen=True, slots=True)
class PaperSample:
    """The food itself. Quantities are in `unit`; the backup quantity is part of the sampled quantity."""

    name: str
    category_path: tuple[str, ...]
    kind: str
    unit: str
    sampled_qty: Decimal
    backup_qty: Decimal | None
    lot_size: Decimal | None = None
    brand: str | None = None
    origin: str | None = None
    attribute: str | None = None
    date_kind: str | None = None
    dated: date | None = None
    specification: str | None = None
    shelf_life: str | None = None
    batch_no: str | None = None
    grade: str | None = None
    barcode: str | None = None
    standard: str | None = None
    price: Decimal | None = None
    price_unit: str | None = None
    imported: bool = False
    origin_country: str | None = None
    for_export: bool = False
    packaging: str | None = None
    technique: str | None = None
    form: str | None = None
    storage: tuple[str, ...] = ()
    storage_temperature: str | None = None
    containers: tuple[str, ...] = ()
    seal_nos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SamplingFormPaper:
    """食品安全抽样检验抽样单."""

    sampling_no: str
    task_source: str
    task_kind: str
    sampled_on: date
    stage: str
    place_kind: str
    party: PaperParty
    sample: PaperSample
    organisation: PaperOrganisation
    report_class_a: str | None = None
    report_class_b: str | None = None
    sampling_kind: str | None = None
    online: PaperOnlineShop | None = None
    producer: PaperProducer = PaperProducer()
    entrusted_producer: PaperEntrustedProducer | None = None
    traceability: PaperTraceability = PaperTraceability()
    deliver_by: date | None = None
    deliver_to: str | None = None
    remark: str | None = None
    party_objects: bool | None = None
    producer_objects: bool | None = None
    party_signature: Signature = UNSIGNED
    producer_signature: Signature = UNSIGNED
    samplers: tuple[Signature, ...] = ()
    accompanying_officers: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True)
class SamplingNoticePaper:
    """食品安全抽样检验告知书, shown and left before anything is taken.

    `least_samplers` and `objection_working_days` are the dated rule parameters in force on the day of issue.
    """

    notice_no: str
    party_name: str
    task_source: str
    organisation: PaperOrganisation
    samplers: tuple[str, ...]
    foods: tuple[str, ...]
    legal_basis: str
    issued_on: date
    valid_until: date
    regulator: str
    least_samplers: int
    objection_working_days: int
    complaint_phone: str | None = None
    party_signature: Signature = UNSIGNED


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """One sample that was paid for."""

    sampling_no: str
    sample_name: str
    quantity: str
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PurchaseCostNoticePaper:
    """样品购置费用告知书: what is owed for the samples and how it is paid. Amounts are in yuan."""

    notice_no: str
    party_name: str
    organisation: PaperOrganisation
    lines: tuple[PurchaseLine, ...]
    paid_by: str  # 现金, 转账, 扫码 …
    invoice_title: str
    taxpayer_no: str | None
    invoice_by: date
    issued_on: date
    party_account: str | None = None
    samplers: tuple[Signature, ...] = ()
    party_signature: Signature = UNSIGNED

    @property
    def total(self) -> Decimal:
        """The sum of all lines."""
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class _Printed:
    """A paper with what only its layout needs."""

    paper: object
    copies: tuple[str, ...] = ()
    words: Mapping[str, object] = field(default_factory=dict)
    code: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)


def render_sampling_form(paper: SamplingFormPaper, copies: Sequence[Copy] = tuple(Copy)) -> bytes:
    """Lay out the sampling form, one page a copy; the page shrinks its type until long names fit."""
    printed = _Printed(paper, tuple(copies), FORM_WORDS, symbols.code128_svg(paper.sampling_no))
    return render_pdf(SAMPLING_FORM, printed, dated=paper.sampled_on)


def render_sampling_notice(paper: SamplingNoticePaper) -> bytes:
    """Lay out the notice of sampling in its three copies."""
    return render_pdf(SAMPLING_NOTICE, _Printed(paper, tuple(NoticeCopy)), dated=paper.issued_on)


def render_purchase_cost_notice(paper: PurchaseCostNoticePaper) -> bytes:
    """Lay out the notice of what the samples cost."""
    extra = {"total": paper.total, "total_in_words": yuan_in_words(paper.total)}
    return render_pdf(PURCHASE_COST_NOTICE, _Printed(paper, extra=extra), dated=paper.issued_on)
