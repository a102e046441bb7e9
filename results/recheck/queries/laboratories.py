"""Who may be drawn for a recheck: the published list, company groups, recorded interests, refusals."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import OrganisationKind
from lims.catalog.queries import get_parameter
from lims.clock import LOCAL_ZONE
from lims.people.models import Accreditation, Organisation
from results.recheck.models import InterestLink, Recheck, RecheckDecline
from results.recheck.rules import eligibility_of, is_same_party
from results.recheck.types import Eligibility, ListedLab, LotFacts, Party
from results.referral.types import Addressee
from sampling.models import OrganisationDuty, Sample, SamplingForm
from sampling.types import Side

SCHEME = "RECHECK"  # the published list of recheck laboratories (复检机构名录), kept among the accreditations


def listed_lab_ids(session: Session, on: date) -> list[UUID]:
    """The laboratories of the published list on a day, those that are closed left out."""
    return list(
        session.scalars(
            sa.select(Organisation.id)
            .join(Accreditation, Accreditation.organisation_id == Organisation.id)
            .where(
                Organisation.kind == OrganisationKind.LAB,
                Organisation.closed_on.is_(None),
                Accreditation.scheme == SCHEME,
                Accreditation.valid_from <= on,
                Accreditation.valid_to >= on,
            )
            .distinct()
            .order_by(Organisation.id)
        )
    )


def applicant_of(session: Session, recheck: Recheck) -> Party:
    """Whom a recheck is for; a producer has no credit code on the sampling form."""
    form = session.get_one(SamplingForm, recheck.sample_id)
    return Party(recheck.applicant_name, form.party_uscc if recheck.applicant is Addressee.SAMPLED_PARTY else None)


def who_may_be_drawn(session: Session, recheck: Recheck, on: date) -> list[Eligibility]:
    """Every laboratory of the list with the answer whether it is in the lot, those that are first.

    **Source:** Food Safety Law Art. 88; product.md §4 (its group has no part in the sampling).
    """
    sample = session.get_one(Sample, recheck.sample_id)
    applicant = applicant_of(session, recheck)
    lab_ids = listed_lab_ids(session, on)
    groups = _groups(session, lab_ids)
    links = links_in_force(session, on, lab_ids)
    refusals = refusals_without_cause(session, lab_ids, on)
    declined = set(session.scalars(sa.select(RecheckDecline.lab_id).where(RecheckDecline.recheck_id == recheck.id)))
    organisations = session.scalars(sa.select(Organisation).where(Organisation.id.in_([*lab_ids, sample.lab_id])))
    parties = {one.id: one.party_id for one in organisations}
    facts = LotFacts(
        applicant=applicant,
        first_party_id=parties[sample.lab_id],
        sampling_party_ids=_sampling_groups(session, sample),
        most_refusals=most_refusals(session, on),
    )
    answers = [
        eligibility_of(
            ListedLab(
                lab_id=lab_id,
                party_id=parties[lab_id],
                group=groups.get(lab_id, ()),
                links=tuple(
                    link.reason
                    for link in links.get(lab_id, ())
                    if is_same_party(Party(link.party_name, link.party_uscc), applicant)
                ),
                has_declined=lab_id in declined,
                refusals=refusals.get(lab_id, 0),
            ),
            facts,
        )
        for lab_id in lab_ids
    ]
    return sorted(answers, key=lambda one: (one.exclusion is not None, one.lab_id))


def most_refusals(session: Session, on: date) -> int:
    """How many refusals without cause take a laboratory off the list."""
    return int(get_parameter(session, "recheck_lab_refusals", on).value)


def refusals_without_cause(session: Session, lab_ids: Collection[UUID], on: date) -> dict[UUID, int]:
    """How often each laboratory declined within the last twelve months and was judged to have had no cause."""
    since = _a_year_before(on)
    rows = session.execute(
        sa.select(RecheckDecline.lab_id, sa.func.count())
        .where(
            RecheckDecline.lab_id.in_(lab_ids),
            RecheckDecline.had_cause.is_(False),
            sa.func.timezone(str(LOCAL_ZONE), RecheckDecline.declined_at).cast(sa.Date) > since,
        )
        .group_by(RecheckDecline.lab_id)
    )
    return {lab_id: count for lab_id, count in rows}  # noqa: C416 - a Row is no pair to mypy


def links_in_force(session: Session, on: date, lab_ids: Collection[UUID]) -> dict[UUID, list[InterestLink]]:
    """The interests that run on a day, by laboratory."""
    rows = session.scalars(
        sa.select(InterestLink)
        .where(
            InterestLink.lab_id.in_(lab_ids),
            InterestLink.valid_from <= on,
            sa.or_(InterestLink.valid_to.is_(None), InterestLink.valid_to >= on),
        )
        .order_by(InterestLink.recorded_at, InterestLink.id)
    )
    found: dict[UUID, list[InterestLink]] = defaultdict(list)
    for link in rows:
        found[link.lab_id].append(link)
    return found


def declines_of(session: Session, recheck_id: UUID) -> Sequence[RecheckDecline]:
    """Every refusal of a recheck by a laboratory, the first one first."""
    return session.scalars(
        sa.select(RecheckDecline).where(RecheckDecline.recheck_id == recheck_id).order_by(RecheckDecline.number)
    ).all()


@dataclass(frozen=True, slots=True)
class LabOnList:
    """A laboratory of the published list, as its page shows it."""

    lab: Organisation
    certificate_no: str
    valid_to: date
    refusals: int
    is_off_the_list: bool
    links: tuple[InterestLink, ...]


def list_laboratories(session: Session, on: date) -> list[LabOnList]:
    """The published list with what keeps its laboratories out of lots, by name."""
    ids = listed_lab_ids(session, on)
    rows = session.execute(
        sa.select(Organisation, Accreditation)
        .join(Accreditation, Accreditation.organisation_id == Organisation.id)
        .where(
            Organisation.id.in_(ids),
            Accreditation.scheme == SCHEME,
            Accreditation.valid_from <= on,
            Accreditation.valid_to >= on,
        )
        .order_by(Organisation.name_zh, Organisation.id, Accreditation.valid_to, Accreditation.id)
    ).all()
    last = {lab.id: (lab, held) for lab, held in rows}
    refusals, links = refusals_without_cause(session, ids, on), links_in_force(session, on, ids)
    most = most_refusals(session, on)
    return [
        LabOnList(
            lab=lab,
            certificate_no=held.certificate_no,
            valid_to=held.valid_to,
            refusals=refusals.get(lab.id, 0),
            is_off_the_list=refusals.get(lab.id, 0) >= most,
            links=tuple(links.get(lab.id, ())),
        )
        for lab, held in last.values()
    ]


def _groups(session: Session, lab_ids: Collection[UUID]) -> dict[UUID, tuple[Party, ...]]:
    """Every organisation of each laboratory's company group, the laboratory among them."""
    lab, member = sa.orm.aliased(Organisation), sa.orm.aliased(Organisation)
    rows = session.execute(
        sa.select(lab.id, member.name_zh, member.uscc)
        .join(member, member.party_id == lab.party_id)
        .where(lab.id.in_(lab_ids))
        .order_by(lab.id, member.id)
    )
    found: dict[UUID, list[Party]] = defaultdict(list)
    for lab_id, name, uscc in rows:
        found[lab_id].append(Party(name, uscc))
    return {lab_id: tuple(members) for lab_id, members in found.items()}


def _sampling_groups(session: Session, sample: Sample) -> frozenset[UUID]:
    """Groups that took the sample, or sample this food in its plan."""
    duties = sa.select(OrganisationDuty.party_id).where(
        OrganisationDuty.plan_id == sample.plan_id,
        OrganisationDuty.category_id == sample.category_id,
        OrganisationDuty.side == Side.SAMPLING,
    )
    sampler = sa.select(Organisation.party_id).where(Organisation.id == sample.sampling_organisation_id)
    return frozenset(session.scalars(duties)) | frozenset(session.scalars(sampler))


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day - timedelta(days=365)
