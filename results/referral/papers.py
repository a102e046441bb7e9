"""Papers of a case from the database: the result notice of one addressee, and the evidence package of a referral."""

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chain_of_custody.queries import custody_trail
from lims.actors import Actor, system
from lims.catalog.queries import get_parameter
from lims.clock import local_date
from lims.errors import NotFoundError
from lims.files import StoredFile, read_file
from lims.ledger.capture import plain
from lims.people.models import Organisation
from lims.people.queries import get_organisation, person_names
from results.models import Conclusion, TestReport
from results.papers.notice import ResultNoticePaper, render_result_notice
from results.referral.case_paper import ADDRESSEES, case_pdf
from results.referral.models import HandlingAttachment, Referral, ResultNotice, Service
from results.referral.queries import (
    list_attachments,
    list_branches,
    list_history,
    list_notices,
    list_prior_referrals,
    signed_report,
    standing_parts,
)
from sampling.assembly import assemble_form
from sampling.models import Sample, SamplePhoto, SamplingForm, SamplingPlan
from sampling.papers import Copy, Signature, render_sampling_form

SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same package twice is the same bytes
MANIFEST = "manifest.json"
PACKER = system("evidence")


@dataclass(frozen=True, slots=True)
class Answer:
    """How the addressee of a notice answers it without an account."""

    code: str
    url: str


def notice_pdf(session: Session, notice: ResultNotice, answer: Answer | None = None) -> bytes:
    """The notice as it is handed out; laid out again from the same rows it is the same paper.

    Args:
        session: to read with.
        notice: of a pass or a failure.
        answer: stands on the addressee's own copy of a failure, and on no copy that stays with the authority.

    Raises:
        NotFoundError: its conclusion has no report.
    """
    sample = session.get_one(Sample, notice.sample_id)
    form = session.get_one(SamplingForm, notice.sample_id)
    plan = session.get_one(SamplingPlan, sample.plan_id)
    regulator = get_organisation(session, sample.regulator_id)
    server = get_organisation(session, notice.organisation_id)
    signed = signed_report(session, notice.sample_id)
    if signed is None:
        raise NotFoundError
    issued_on = local_date(notice.issued_at)
    served = session.get(Service, notice.id)
    referral = None
    if not notice.passed:
        referral = session.scalars(sa.select(Referral).where(Referral.sample_id == sample.id)).one()
    return render_result_notice(
        ResultNoticePaper(
            notice_no=notice.notice_no,
            addressee=notice.name,
            addressee_role=ADDRESSEES[notice.addressee],
            regulator=regulator.name_zh,
            plan_name=plan.title_zh,
            sampled_on=local_date(sample.sampled_at or sample.issued_at),
            sampled_party=form.party_name,
            nominal_producer=form.producer_name,
            sampling_no=sample.sampling_no,
            sample_name=form.product_name,
            report_no=signed[1].report_no,
            lab=get_organisation(session, sample.lab_id).name_zh,
            passed=notice.passed,
            failed_items=tuple(item["name_zh"] for item in referral.failed_items) if referral else (),
            objection_working_days=int(get_parameter(session, "recheck_apply", issued_on).value),
            issued_on=issued_on,
            objection_to=regulator.name_zh,
            phone=server.phone,
            address=server.address,
            brand=form.brand,
            specification=form.specification,
            dated=form.product_date.isoformat(),
            grade=form.quality_grade,
            objects=served.objects if served else None,
            receiver=Signature(served.receiver, None, served.served_on) if served else Signature(),
            answer_code=answer.code if answer else None,
            answer_url=answer.url if answer else None,
        )
    )


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file of an evidence package."""

    name: str
    content: bytes


EvidenceSource = Callable[[Session, Referral], list[PackedFile]]
_sources: list[EvidenceSource] = []


def register_evidence(source: EvidenceSource) -> None:
    """Bring papers of a case that only a package above knows, once for the process."""
    if source not in _sources:
        _sources.append(source)


def evidence_package(session: Session, actor: Actor, referral: Referral) -> bytes:
    """Everything an officer needs as one ZIP, with a manifest of SHA-256 over every file in it.

    Branches the actor may not see are left out. The same case twice gives the same bytes.

    **Source:** domain.md §8 (what a referral package holds).
    """
    packed = [
        *_reports(session, referral.sample_id),
        *(
            PackedFile(f"notices/{one.notice.notice_no}.pdf", notice_pdf(session, one.notice))
            for one in list_notices(session, referral.sample_id)
        ),
        *_proofs(session, referral.sample_id),
        *_photos(session, referral.sample_id),
    ]
    branches = list_branches(session, actor, referral.id)
    for branch in branches:
        packed += _attachments(session, branch.kind.value, list_attachments(session, branch.id))
    packed.append(PackedFile("sampling_form.pdf", _sampling_form(session, referral.sample_id)))
    packed.append(PackedFile("case.json", as_json(_case(session, actor, referral))))
    packed.append(PackedFile("custody.json", as_json(_custody(session, referral.sample_id))))
    packed.append(
        PackedFile("sampling_form.json", as_json(row_facts(session.get_one(SamplingForm, referral.sample_id))))
    )
    for source in _sources:
        packed += source(session, referral)
    packed.sort(key=lambda file: file.name)
    hashed = [(file.name, sha256(file.content).hexdigest()) for file in packed]
    packed.insert(0, PackedFile("case.pdf", case_pdf(session, actor, referral, hashed)))
    manifest = {
        "case_no": referral.case_no,
        "files": [
            {"name": file.name, "sha256": sha256(file.content).hexdigest(), "bytes": len(file.content)}
            for file in packed
        ],
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as package:
        for file in (*packed, PackedFile(MANIFEST, as_json(manifest))):
            package.writestr(zipfile.ZipInfo(file.name, ZIP_EPOCH), file.content)
    return written.getvalue()


def _sampling_form(session: Session, sample_id: UUID) -> bytes:
    """One copy of the form; whoever sees a branch of the case sees it, whatever they may see of samples otherwise."""
    return render_sampling_form(assemble_form(session, PACKER, sample_id), [Copy.HANDLING])


def _reports(session: Session, sample_id: UUID) -> list[PackedFile]:
    rows = session.scalars(
        sa.select(TestReport)
        .join(Conclusion, Conclusion.sample_id == TestReport.sample_id)
        .where(TestReport.sample_id == sample_id)
        .order_by(TestReport.version)
    )
    return [
        PackedFile(f"reports/{row.report_no}-v{row.version}.pdf", read_file(session, row.pdf_sha256)[0]) for row in rows
    ]


def _proofs(session: Session, sample_id: UUID) -> list[PackedFile]:
    found = []
    for one in list_notices(session, sample_id):
        if one.service is not None and one.service.proof_sha256 is not None:
            content, media_type = read_file(session, one.service.proof_sha256)
            found.append(PackedFile(f"notices/{one.notice.notice_no}-receipt.{SUFFIXES[media_type]}", content))
    return found


def _photos(session: Session, sample_id: UUID) -> list[PackedFile]:
    rows = session.execute(
        sa.select(SamplePhoto, StoredFile.media_type)
        .join(StoredFile, StoredFile.sha256 == SamplePhoto.sha256)
        .where(SamplePhoto.sample_id == sample_id)
        .order_by(SamplePhoto.added_at, SamplePhoto.kind, SamplePhoto.id)
    ).all()
    return [
        PackedFile(
            f"photos/{number:02d}-{photo.kind.value}.{SUFFIXES[media_type]}", read_file(session, photo.sha256)[0]
        )
        for number, (photo, media_type) in enumerate(rows, start=1)
    ]


def _attachments(session: Session, kind: str, rows: Sequence[HandlingAttachment]) -> list[PackedFile]:
    found = []
    for number, row in enumerate(rows, start=1):
        content, media_type = read_file(session, row.sha256)
        found.append(PackedFile(f"handling/{kind}/{row.part.value}-{number:02d}.{SUFFIXES[media_type]}", content))
    return found


def _case(session: Session, actor: Actor, referral: Referral) -> dict[str, Any]:
    branches = list_branches(session, actor, referral.id)
    history = list_history(session, referral.id, [branch.id for branch in branches])
    names = person_names(session, [entry.by_id for entry in history if entry.by_id])
    return {
        "referral": row_facts(referral),
        "branches": [
            row_facts(branch)
            | {"parts": {part.value: row_facts(saved) for part, saved in standing_parts(session, branch.id).items()}}
            for branch in branches
        ],
        "notices": [
            row_facts(one.notice) | {"service": row_facts(one.service) if one.service else None}
            for one in list_notices(session, referral.sample_id)
        ],
        "history": [row_facts(entry) | {"by": names.get(entry.by_id) if entry.by_id else None} for entry in history],
        "prior_failures": [
            {"case_no": prior.case_no, "opened_at": plain(prior.opened_at), "failed_items": prior.failed_items}
            for prior in list_prior_referrals(session, referral)
        ],
    }


def _custody(session: Session, sample_id: UUID) -> list[dict[str, Any]]:
    trail = custody_trail(session, sample_id)
    names = person_names(session, [step.holder_id for step in trail])
    bodies = session.execute(
        sa.select(Organisation.id, Organisation.name_zh).where(
            Organisation.id.in_([step.organisation_id for step in trail])
        )
    )
    body_names = {row.id: row.name_zh for row in bodies}
    return [
        {
            "portion_no": step.portion_no,
            "seq": step.seq,
            "kind": step.kind.value,
            "holder": names.get(step.holder_id),
            "organisation": body_names.get(step.organisation_id),
            "record_no": step.record_no,
            "consignment_no": step.consignment_no,
            "at": plain(step.at),
        }
        for step in trail
    ]


def row_facts(row: Any) -> dict[str, Any]:
    """The columns of a row as JSON, in their order."""
    return {attribute.key: plain(getattr(row, attribute.key)) for attribute in sa.inspect(type(row)).column_attrs}


def as_json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def package_name(referral: Referral, now: datetime) -> str:
    """The file name of an evidence package."""
    return f"{referral.case_no}-{local_date(now):%Y%m%d}.zip"
