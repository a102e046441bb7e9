"""检验结果通知书, the result notice, with the receipt that is torn off and returned.

**Source:** domain.md §4.2 (`result_notice`); the receipt starts the time limit of a recheck, Food Safety Law Art. 88.
"""

from dataclasses import dataclass
from datetime import date

from lims.papers import render_pdf
from lims.symbols import qr_svg
from sampling.papers import UNSIGNED, Signature

RESULT_NOTICE = "results/papers/result_notice.typ"


@dataclass(frozen=True, slots=True)
class ResultNoticePaper:
    """检验结果通知书 to one addressee.

    Attributes:
        objection_working_days: the dated rule parameter `recheck_apply`.
        objects: what the returned receipt says; None while it is out.
    """

    notice_no: str
    addressee: str
    addressee_role: str  # 被抽样单位, 标称食品生产者, 食品集中交易市场开办者, 网络食品交易第三方平台
    regulator: str
    plan_name: str
    sampled_on: date
    sampled_party: str
    nominal_producer: str | None
    sampling_no: str
    sample_name: str
    report_no: str
    lab: str
    passed: bool
    failed_items: tuple[str, ...]
    objection_working_days: int
    issued_on: date
    objection_to: str
    contact: str | None = None
    phone: str | None = None
    address: str | None = None
    brand: str | None = None
    specification: str | None = None
    dated: str | None = None
    grade: str | None = None
    objects: bool | None = None
    receiver: Signature = UNSIGNED
    answer_code: str | None = None  # with which the addressee answers on the public page; on its own copy only
    answer_url: str | None = None


@dataclass(frozen=True, slots=True)
class _Printed:
    paper: ResultNoticePaper
    code: str | None


def render_result_notice(paper: ResultNoticePaper) -> bytes:
    """Lay out the notice and its receipt on one page."""
    code = qr_svg(paper.answer_url) if paper.answer_url else None
    return render_pdf(RESULT_NOTICE, _Printed(paper, code), dated=paper.issued_on)
