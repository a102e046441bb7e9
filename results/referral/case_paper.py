"""The case as a paper that is read without the program; in Chinese, as all papers are."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from chain_of_custody.queries import TrailEntry, custody_trail
from chain_of_custody.types import CustodyKind
from lims.actors import Actor
from lims.catalog.labels import limit_words
from lims.catalog.workdays import last_day
from lims.clock import local_date
from lims.i18n import DEFAULT_LOCALE, speaking
from lims.people.queries import get_organisation, person_names
from results.papers.case import (
    CaseBranch,
    CaseFile,
    CaseItem,
    CaseNotice,
    CasePaper,
    CasePart,
    CasePortion,
    CaseStep,
    render_case,
)
from results.referral.models import CaseEntry, Referral, ReferralBranch
from results.referral.queries import (
    list_branches,
    list_history,
    list_notices,
    list_prior_referrals,
    signed_report,
    standing_parts,
)
from results.referral.rules.handling import FACTS, NO, PART_NAMES, YES, Fact
from results.referral.types import (
    Addressee,
    BranchKind,
    BranchState,
    CaseAct,
    EscalationMark,
    HandlingPart,
    ServiceWay,
    Severity,
)
from sampling.models import Sample, SamplingForm

ADDRESSEES = {
    Addressee.SAMPLED_PARTY: "被抽样单位",
    Addressee.NOMINAL_PRODUCER: "标称食品生产者",
    Addressee.MARKET_ORGANISER: "食品集中交易市场开办者",
    Addressee.PLATFORM: "网络食品交易第三方平台",
}
KINDS = {BranchKind.OPERATOR: "经营环节", BranchKind.PRODUCER: "生产环节", BranchKind.PLATFORM: "平台"}
STATES = {
    BranchState.OPEN: "待签收",
    BranchState.ACKNOWLEDGED: "已签收",
    BranchState.DISPATCHED: "已分派，待监管所接收",
    BranchState.WITH_STATION: "监管所办理中",
    BranchState.CLOSED: "已办结",
    BranchState.TRANSFERRED: "已移送外地",
    BranchState.WITHDRAWN: "复检后撤销",
}
WAYS = {
    ServiceWay.DIRECT: "直接送达",
    ServiceWay.LEFT: "留置送达",
    ServiceWay.ELECTRONIC: "电子送达",
    ServiceWay.POST: "邮寄送达",
    ServiceWay.ENTRUSTED: "委托送达",
    ServiceWay.ANNOUNCED: "公告送达",
}
ACTS = {
    CaseAct.OPENED: "报告签发，案件建立",
    CaseAct.SENT: "送达待办",
    CaseAct.ACKNOWLEDGED: "签收",
    CaseAct.DISPATCHED: "分派监管所",
    CaseAct.ACCEPTED: "监管所接收",
    CaseAct.RETURNED: "退回局办",
    CaseAct.TRANSFERRED: "移送外地",
    CaseAct.PART_SUBMITTED: "提交处置内容",
    CaseAct.NOTICE_SERVED: "通知书送达",
    CaseAct.SEVERITY_RAISED: "标为紧急",
    CaseAct.ESCALATED: "督办",
    CaseAct.WITHDRAWN: "复检后撤销",
    CaseAct.CLOSED: "办结",
}
MARKS = {
    EscalationMark.UNACKNOWLEDGED: "未按时签收",
    EscalationMark.NOT_STARTED: "未按时启动",
    EscalationMark.NO_PRODUCT_CONTROL: "未按时控制产品",
    EscalationMark.NOT_FINISHED: "未按时办结",
}
MOVES = {CustodyKind.SEALED: "封样", CustodyKind.CONSIGNED: "交承运人", CustodyKind.HANDED_OVER: "接收"}
SEVERITIES = {Severity.GENERAL: "一般", Severity.URGENT: "紧急（24小时）"}


def case_pdf(session: Session, actor: Actor, referral: Referral, files: Iterable[tuple[str, str]]) -> bytes:
    """The case on paper: what failed, the branches one may see with their parts, service, custody, history, files.

    Args:
        session: to read with.
        actor: who asks; branches they may not see are left out.
        referral: of which case.
        files: name and SHA-256 of everything else in the package.
    """
    with speaking(DEFAULT_LOCALE):
        return render_case(_paper(session, actor, referral, files))


def _paper(session: Session, actor: Actor, referral: Referral, files: Iterable[tuple[str, str]]) -> CasePaper:
    sample = session.get_one(Sample, referral.sample_id)
    form = session.get_one(SamplingForm, referral.sample_id)
    branches = list_branches(session, actor, referral.id)
    signed = signed_report(session, referral.sample_id)
    return CasePaper(
        case_no=referral.case_no,
        severity=SEVERITIES[referral.severity],
        opened_at=referral.opened_at,
        facts=(
            ("样品名称", form.product_name),
            ("抽样单编号", sample.sampling_no),
            ("被抽样单位", form.party_name),
            ("单位地址", form.party_address),
            ("标称生产者", form.producer_name),
            ("批号", form.batch_no),
            ("标示日期", form.product_date.isoformat()),
            ("抽样日期", local_date(sample.sampled_at or sample.issued_at).isoformat()),
            ("承检机构", get_organisation(session, sample.lab_id).name_zh),
            ("报告编号", signed[1].report_no if signed else None),
            ("紧急程度", SEVERITIES[referral.severity]),
            ("立案时间", local_date(referral.opened_at).isoformat()),
        ),
        items=[_item(item) for item in referral.failed_items],
        branches=[_branch(session, branch) for branch in branches],
        notices=_notices(session, referral.sample_id),
        portions=_portions(session, referral.sample_id),
        history=_history(session, list_history(session, referral.id, [branch.id for branch in branches])),
        earlier=[one.case_no for one in list_prior_referrals(session, referral)],
        files=[CaseFile(name, digest) for name, digest in files],
    )


def _item(item: Mapping[str, str]) -> CaseItem:
    unit = item["unit"]
    result = f"{item['result']} {unit}" if unit else item["result"]
    return CaseItem(item["name_zh"], result, limit_words(item["limit"], unit), item["basis"])


def _branch(session: Session, branch: ReferralBranch) -> CaseBranch:
    saved = standing_parts(session, branch.id)
    return CaseBranch(
        kind=KINDS[branch.kind],
        party=branch.party_name,
        address=branch.party_address,
        regulator=get_organisation(session, branch.regulator_id).name_zh,
        station=get_organisation(session, branch.station_id).name_zh if branch.station_id else None,
        state=STATES[branch.state],
        finish_by=last_day(branch.finish_due_at),
        parts=[
            CasePart(
                str(PART_NAMES[part]),
                saved[part].is_submitted,
                [
                    (str(fact.label), _answer(fact, saved[part].facts[fact.name]))
                    for fact in FACTS[part]
                    if saved[part].facts.get(fact.name)
                ],
            )
            for part in PART_NAMES
            if part in saved
        ],
    )


def _answer(fact: Fact, text: str) -> str:
    """What was answered, in words."""
    if fact.choices is not None:
        return "、".join(str(fact.choices.get(one, one)) for one in text.split(","))
    return {YES: "是", NO: "否"}.get(text, text)


def _notices(session: Session, sample_id: UUID) -> list[CaseNotice]:
    return [
        CaseNotice(
            notice_no=one.notice.notice_no,
            addressee=one.notice.name,
            role=ADDRESSEES[one.notice.addressee],
            issued_on=local_date(one.notice.issued_at),
            way=WAYS[one.service.way] if one.service else None,
            served_on=one.service.served_on if one.service else None,
            receiver=one.service.receiver if one.service else None,
        )
        for one in list_notices(session, sample_id)
    ]


def _portions(session: Session, sample_id: UUID) -> list[CasePortion]:
    ways: dict[str, list[TrailEntry]] = {}
    for entry in custody_trail(session, sample_id):
        ways.setdefault(entry.portion_no, []).append(entry)
    people = person_names(session, {entry.holder_id for way in ways.values() for entry in way})
    bodies = {
        one: get_organisation(session, one).name_zh
        for one in {entry.organisation_id for way in ways.values() for entry in way}
    }
    return [
        CasePortion(
            number,
            [
                CaseStep(
                    entry.at,
                    MOVES[entry.kind],
                    f"{people[entry.holder_id]}（{bodies[entry.organisation_id]}）",
                    "、".join(filter(None, (entry.record_no, entry.consignment_no))) or None,
                )
                for entry in way
            ],
        )
        for number, way in ways.items()
    ]


def _history(session: Session, entries: Iterable[CaseEntry]) -> list[CaseStep]:
    known = list(entries)
    people = person_names(session, {entry.by_id for entry in known if entry.by_id})
    return [
        CaseStep(entry.at, ACTS[entry.act], people.get(entry.by_id) if entry.by_id else None, _note(entry))
        for entry in known
    ]


def _note(entry: CaseEntry) -> str | None:
    if entry.note and entry.act is CaseAct.PART_SUBMITTED:
        return str(PART_NAMES[HandlingPart(entry.note)])
    if entry.note and entry.act is CaseAct.ESCALATED:
        return MARKS[EscalationMark(entry.note)]
    return entry.note
