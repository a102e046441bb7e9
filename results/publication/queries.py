"""Reads behind the gate: what waits for publication, and what the public may look up.

Everything public starts from the table `publication`: a sample without a row there is on no surface, and one whose
conclusion an objection took back later is on none any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.catalog.models import FoodCategory, Region
from lims.catalog.types import RegionLevel
from lims.errors import NotFoundError
from lims.people.models import Organisation
from results.objections.queries import is_taken_back, remarks_of
from results.publication.models import Publication, PublicNotice
from results.publication.types import GateFacts
from results.recheck.models import Recheck, RecheckConclusion, RecheckResult
from results.recheck.types import OVER
from results.referral.models import HandlingPartVersion, Referral, ReferralBranch
from results.referral.types import BranchKind, HandlingPart
from sampling.models import Business, PlanLine, Sample, SamplingForm, SamplingPlan
from sampling.types import SampleVerdict, TaskCategory

PAGE = 30
MOST_IN_A_FILE = 20_000  # rows of one open-data file; more is asked for by year

# One row for each concluded sample that is not published, with everything the gate looks at.
CANDIDATES = sa.text(
    """
    SELECT sample.id, sample.verdict, plan.task_category,
        NOT EXISTS (
            SELECT 1 FROM result_notice notice LEFT JOIN service ON service.notice_id = notice.id
            WHERE notice.sample_id = sample.id AND service.notice_id IS NULL
        ) AND EXISTS (SELECT 1 FROM result_notice notice WHERE notice.sample_id = sample.id) AS is_served,
        (SELECT max(recheck_until) FROM service WHERE service.sample_id = sample.id) AS recheck_until,
        EXISTS (
            SELECT 1 FROM recheck
            WHERE recheck.sample_id = sample.id AND recheck.state NOT IN ('refused', 'concluded', 'ended')
        ) AS is_rechecked,
        EXISTS (
            SELECT 1 FROM objection WHERE objection.sample_id = sample.id AND objection.state IN ('filed', 'accepted')
        ) AS is_objected,
        EXISTS (
            SELECT 1 FROM objection
            WHERE objection.sample_id = sample.id AND objection.consequence = 'case_withdrawn'
        ) AS is_withdrawn,
        EXISTS (
            SELECT 1 FROM accreditation held
            WHERE held.organisation_id = sample.lab_id AND held.scheme = 'CMA'
              AND conclusion.issued_on BETWEEN held.valid_from AND held.valid_to
              AND (cardinality(held.category_codes) = 0 OR major.code = ANY (held.category_codes))
              AND (cardinality(held.item_codes) = 0 OR NOT EXISTS (
                  SELECT 1 FROM test_set_item line
                  JOIN test_item item ON item.id = line.item_id
                  WHERE line.sample_id = sample.id AND item.code <> ALL (held.item_codes)
              ))
        ) AS is_accredited
    FROM sample
    JOIN conclusion ON conclusion.sample_id = sample.id
    JOIN sampling_plan plan ON plan.id = sample.plan_id
    JOIN food_category major ON major.id = sample.category_id
    LEFT JOIN publication ON publication.sample_id = sample.id
    WHERE publication.sample_id IS NULL AND sample.state IN ('served', 'recheck', 'closed')
      AND NOT (sample.state = 'closed' AND sample.verdict <> 'fail')
    ORDER BY conclusion.signed_at, sample.id
    """
)


@dataclass(frozen=True, slots=True)
class PublicResult:
    """One published sample in the columns of the official tables (domain.md §4.3)."""

    sample_id: UUID
    sampling_no: str
    verdict: SampleVerdict
    business_id: UUID
    party_name: str
    party_address: str
    party_region_code: str
    producer_name: str | None
    producer_address: str | None
    product_name: str
    specification: str | None
    brand: str | None
    product_date: date
    batch_no: str | None
    shelf_life: str | None
    category_zh: str
    category_en: str | None
    lab_zh: str
    lab_en: str
    task_zh: str
    task_en: str
    notice_no: str
    regulator_zh: str
    regulator_en: str
    issued_at: datetime
    platform: str | None
    online_shop: str | None
    failed_items: tuple[dict[str, str], ...]
    rechecked: tuple[dict[str, str], ...]
    recheck_verdict: SampleVerdict | None
    is_rechecked_now: bool
    objections: str
    handled: str | None
    is_handled: bool

    @property
    def remark(self) -> str:
        """备注 of the official table: recheck under way, objections, online shop."""
        parts = []
        if self.is_rechecked_now:
            parts.append("复检中")
        if self.objections:
            parts.append(self.objections)
        if self.online_shop:
            parts.append(f"网店：{self.online_shop}（{self.platform or '/'}）")
        return "；".join(parts)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A concluded sample that is not published, with what the gate looks at."""

    sample_id: UUID
    facts: GateFacts


def list_candidates(session: Session) -> list[Candidate]:
    """What might be published, the oldest conclusion first; the gate decides."""
    return [
        Candidate(
            row.id,
            GateFacts(
                verdict=SampleVerdict(row.verdict),
                task_category=TaskCategory(row.task_category),
                everybody_is_served=row.is_served,
                recheck_until=row.recheck_until,
                is_rechecked_now=row.is_rechecked,
                is_objected_now=row.is_objected,
                is_withdrawn=row.is_withdrawn,
                lab_is_accredited=row.is_accredited,
            ),
        )
        for row in session.execute(CANDIDATES)
    ]


def is_published(session: Session, sample_id: UUID) -> bool:
    """Whether the public may see anything about a sample."""
    return session.get(Publication, sample_id) is not None


def _published() -> Any:
    lab, regulator = sa.orm.aliased(Organisation), sa.orm.aliased(Organisation)
    running = sa.exists().where(Recheck.sample_id == Sample.id, Recheck.state.not_in(OVER))
    return (
        sa.select(
            Publication,
            PublicNotice,
            Sample,
            SamplingForm,
            FoodCategory,
            lab,
            regulator,
            SamplingPlan,
            Referral,
            RecheckConclusion.verdict,
            running,
        )
        .join(PublicNotice, PublicNotice.id == Publication.notice_id)
        .join(Sample, Sample.id == Publication.sample_id)
        .join(SamplingForm, SamplingForm.sample_id == Sample.id)
        .join(FoodCategory, FoodCategory.id == Sample.category_id)
        .join(lab, lab.id == Sample.lab_id)
        .join(regulator, regulator.id == PublicNotice.organisation_id)
        .join(SamplingPlan, SamplingPlan.id == Sample.plan_id)
        .outerjoin(Referral, Referral.sample_id == Sample.id)
        .outerjoin(RecheckConclusion, RecheckConclusion.sample_id == Sample.id)
        .where(~is_taken_back(Publication.sample_id))
    )


def search_results(
    session: Session,
    *,
    text: str = "",
    verdict: SampleVerdict | None = None,
    business_id: UUID | None = None,
    year: int | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> list[PublicResult]:
    """Published results, the newest first.

    Args:
        session: to read with.
        text: part of the name of the food, the business or the producer.
        verdict: only passes or only failures.
        business_id: only those of one business.
        year: only those of one year's notices.
        after: instant of publication and sample of the last row of the page before.
        limit: how many.
    """
    query = _published()
    if text:
        query = query.where(
            sa.or_(
                SamplingForm.product_name.icontains(text, autoescape=True),
                SamplingForm.party_name.icontains(text, autoescape=True),
                SamplingForm.producer_name.icontains(text, autoescape=True),
            )
        )
    if verdict is not None:
        query = query.where(Sample.verdict == verdict)
    if business_id is not None:
        query = query.where(Sample.business_id == business_id)
    if year is not None:
        query = query.where(PublicNotice.year == year)
    if after is not None:
        query = query.where(
            sa.tuple_(Publication.published_at, Publication.sample_id) < sa.tuple_(*map(sa.literal, after))
        )
    query = query.order_by(Publication.published_at.desc(), Publication.sample_id.desc()).limit(limit)
    return _results(session, session.execute(query).all())


def get_result(session: Session, sample_id: UUID) -> PublicResult:
    """One published result.

    Raises:
        NotFoundError: there is none; whether there is an unpublished one is not told.
    """
    rows = session.execute(_published().where(Publication.sample_id == sample_id)).all()
    if not rows:
        raise NotFoundError
    return _results(session, rows)[0]


def _results(session: Session, rows: Sequence[Any]) -> list[PublicResult]:
    ids = [row[2].id for row in rows]
    handled, again, objected = _handling(session, ids), _recheck_results(session, ids), remarks_of(session, ids)
    return [
        _result(row, handled.get(row[2].id), tuple(again.get(row[2].id, ())), objected.get(row[2].id, ""))
        for row in rows
    ]


def _result(row: Any, handled: str | None, again: tuple[dict[str, str], ...], objections: str) -> PublicResult:
    publication, notice, sample, form, category, lab, regulator, plan, referral, recheck_verdict, running = row
    return PublicResult(
        sample_id=sample.id,
        sampling_no=sample.sampling_no,
        verdict=sample.verdict,
        business_id=sample.business_id,
        party_name=form.party_name,
        party_address=form.party_address,
        party_region_code=form.region_code,
        producer_name=form.producer_name,
        producer_address=form.producer_address,
        product_name=form.product_name,
        specification=form.specification,
        brand=form.brand,
        product_date=form.product_date,
        batch_no=form.batch_no,
        shelf_life=form.shelf_life,
        category_zh=category.name_zh,
        category_en=category.name_en,
        lab_zh=lab.name_zh,
        lab_en=lab.name_en,
        task_zh=plan.title_zh,
        task_en=plan.title_en,
        notice_no=f"{notice.year}年第{notice.number}号",
        regulator_zh=regulator.name_zh,
        regulator_en=regulator.name_en,
        issued_at=publication.published_at,
        platform=form.platform,
        online_shop=form.online_shop,
        failed_items=tuple(referral.failed_items) if referral else (),
        rechecked=again,
        recheck_verdict=recheck_verdict,
        is_rechecked_now=running,
        objections=objections,
        handled=handled,
        is_handled=bool(referral and referral.closed_at),
    )


def _handling(session: Session, sample_ids: list[UUID]) -> dict[UUID, str]:
    """What the operator's branch tells the public, by sample: the last version that was handed in."""
    rows = session.execute(
        sa.select(ReferralBranch.sample_id, HandlingPartVersion.facts["summary"].astext)
        .join(HandlingPartVersion, HandlingPartVersion.branch_id == ReferralBranch.id)
        .where(
            ReferralBranch.sample_id.in_(sample_ids),
            ReferralBranch.kind == BranchKind.OPERATOR,
            HandlingPartVersion.part == HandlingPart.DISCLOSURE,
            HandlingPartVersion.is_submitted,
        )
        .order_by(ReferralBranch.sample_id, HandlingPartVersion.version)
    )
    return {sample_id: summary for sample_id, summary in rows if summary}


def _recheck_results(session: Session, sample_ids: list[UUID]) -> dict[UUID, list[dict[str, str]]]:
    """The concluded recheck results of samples: line and text of the last version."""
    rows = session.execute(
        sa.select(RecheckResult.sample_id, RecheckResult.set_item_id, RecheckResult.entered_text)
        .join(RecheckConclusion, RecheckConclusion.recheck_id == RecheckResult.recheck_id)
        .where(RecheckResult.sample_id.in_(sample_ids))
        .order_by(RecheckResult.sample_id, RecheckResult.set_item_id, RecheckResult.version)
    )
    last: dict[tuple[UUID, UUID], str] = {(sample_id, line): text for sample_id, line, text in rows}
    found: dict[UUID, list[dict[str, str]]] = {}
    for (sample_id, line), text in last.items():
        found.setdefault(sample_id, []).append({"set_item_id": str(line), "result": text})
    return found


def count_results(session: Session, business_id: UUID | None = None) -> dict[SampleVerdict, int]:
    """How many published results passed and failed."""
    query = (
        sa.select(Sample.verdict, sa.func.count())
        .join(Publication, Publication.sample_id == Sample.id)
        .where(~is_taken_back(Publication.sample_id))
        .group_by(Sample.verdict)
    )
    if business_id is not None:
        query = query.where(Sample.business_id == business_id)
    return {verdict: count for verdict, count in session.execute(query) if verdict is not None}


def get_business(session: Session, business_id: UUID) -> Business:
    """A business with at least one published result.

    Raises:
        NotFoundError: nothing of it is published.
    """
    published = sa.select(Sample.business_id).join(Publication, Publication.sample_id == Sample.id)
    found = session.scalar(sa.select(Business).where(Business.id == business_id, Business.id.in_(published)))
    if found is None:
        raise NotFoundError
    return found


def provinces(session: Session) -> dict[str, str]:
    """The short name of each province by the first two digits of a region code."""
    rows = session.execute(
        sa.select(Region.code, Region.name_zh).where(Region.level == RegionLevel.PROVINCE).order_by(Region.code)
    )
    return {code[:2]: _short(name) for code, name in rows}


def _short(name: str) -> str:
    """The short name of a province: 山东省 → 山东, 内蒙古自治区 → 内蒙古."""
    for ending in ("维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "省", "市"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def pick_of(session: Session, sample_id: UUID) -> tuple[UUID | None, str]:
    """The round and stratum a sample was planned from; the round is None where no pick stands behind its plan."""
    row = session.execute(
        sa.select(SamplingPlan.pick_round_id, PlanLine.stratum)
        .join(PlanLine, PlanLine.plan_id == SamplingPlan.id)
        .join(Sample, Sample.plan_line_id == PlanLine.id)
        .where(Sample.id == sample_id)
    ).one()
    return row[0], row[1]


def publication_of(session: Session, sample_id: UUID) -> tuple[Publication, PublicNotice] | None:
    """When and by which notice a sample was published; None where it was not."""
    row = session.execute(
        sa.select(Publication, PublicNotice)
        .join(PublicNotice, PublicNotice.id == Publication.notice_id)
        .where(Publication.sample_id == sample_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])
