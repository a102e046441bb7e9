"""The papers of sampling put together from what stands in the database."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from lims import files
from lims.actors import Actor
from lims.catalog.queries import deadline, get_parameter
from lims.clock import local_date
from lims.errors import NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.models import Organisation
from sampling.models import SampleSignature, SamplingForm
from sampling.papers import (
    UNSIGNED,
    PaperEntrustedProducer,
    PaperOnlineShop,
    PaperOrganisation,
    PaperParty,
    PaperProducer,
    PaperSample,
    PaperTraceability,
    PurchaseCostNoticePaper,
    PurchaseLine,
    SamplingFormPaper,
    SamplingNoticePaper,
    Signature,
)
from sampling.queries import SampleSheet, filing_of, get_sheet, get_task_sheet, list_signatures
from sampling.types import SignerKind, Stage
from sampling.words import celsius_words, official

LEGAL_BASIS = "《中华人民共和国食品安全法》《食品安全抽样检验管理办法》"
YES, NO = "有", "无"
NOTICE_DAYS = 30  # how long a notice may be shown; it names the day itself
PAID_BY = "现场支付"


SealReader = Callable[[Session, UUID], Sequence[str]]
_seal_readers: list[SealReader] = []


def register_seal_reader(reader: SealReader) -> None:
    """Bring the seal numbers of a sample onto its form; who keeps the seals lies above this package."""
    if reader not in _seal_readers:
        _seal_readers.append(reader)


def assemble_form(session: Session, actor: Actor, sample_id: UUID) -> SamplingFormPaper:
    """The sampling form of one sample.

    Raises:
        NotFoundError: there is no such sample that the actor may see.
    """
    sheet = get_sheet(session, actor, sample_id)
    form, sample, plan = sheet.form, sheet.sample, sheet.plan
    filing = filing_of(session, plan, sample.plan_line_id)
    signed = _signatures(session, actor, sample_id)
    taken_at = sample.sampled_at or sample.issued_at
    return SamplingFormPaper(
        sampling_no=sample.sampling_no,
        task_source=filing.task_source,
        task_kind=official(plan.task_category),
        sampled_on=local_date(taken_at),
        stage=official(form.stage),
        place_kind=official(form.place_kind),
        report_class_a=filing.report_class_a,
        report_class_b=filing.report_class_b,
        sampling_kind="常规抽样",
        party=_party(form),
        sample=_sample(sheet, tuple(no for read in _seal_readers for no in read(session, sample_id))),
        organisation=paper_organisation(sheet.sampling_organisation),
        online=(
            PaperOnlineShop(form.platform, form.online_shop, form.online_url or "")
            if form.platform and form.online_shop
            else None
        ),
        producer=PaperProducer(
            form.producer_name,
            form.producer_address,
            form.producer_licence_no,
            form.producer_contact,
            form.producer_phone,
        ),
        entrusted_producer=(
            PaperEntrustedProducer(
                form.entrusted_producer_kind or "受托", form.entrusted_producer_name, form.entrusted_producer_address
            )
            if form.entrusted_producer_name
            else None
        ),
        traceability=_traceability(form),
        deliver_by=deadline(session, "deliver_to_lab", taken_at).on,
        deliver_to=sheet.lab.name_zh,
        remark=form.remark,
        party_objects=None if form.party_refused_to_sign else form.party_opinion is not None,
        producer_objects=False if SignerKind.PRODUCER in signed else None,
        party_signature=signed.get(SignerKind.SAMPLED_PARTY, UNSIGNED),
        producer_signature=signed.get(SignerKind.PRODUCER, UNSIGNED),
        samplers=tuple(signed[one] for one in (SignerKind.FIRST_SAMPLER, SignerKind.SECOND_SAMPLER) if one in signed),
        accompanying_officers=tuple(signed[one] for one in (SignerKind.ACCOMPANYING_OFFICER,) if one in signed),
    )


def assemble_notice(session: Session, actor: Actor, task_id: UUID) -> SamplingNoticePaper:
    """The notice that is shown and left before anything is taken at a stop.

    Raises:
        NotFoundError: there is no such task that the actor may see.
    """
    sheet = get_task_sheet(session, actor, task_id)
    day = sheet.task.planned_on
    return SamplingNoticePaper(
        notice_no=sheet.task.task_no,
        party_name=sheet.business.name,
        task_source=filing_of(session, sheet.plan, sheet.task.plan_line_id).task_source,
        organisation=paper_organisation(sheet.sampling_organisation),
        samplers=sheet.team[:2],
        foods=(sheet.food.name_zh,),
        legal_basis=LEGAL_BASIS,
        issued_on=day,
        valid_until=day + timedelta(days=NOTICE_DAYS),
        regulator=sheet.regulator.name_zh,
        least_samplers=int(get_parameter(session, "samplers_min", day).value),
        objection_working_days=int(get_parameter(session, "objection_sampling", day).value),
        complaint_phone=sheet.regulator.phone,
    )


def assemble_purchase_cost(session: Session, actor: Actor, sample_id: UUID) -> PurchaseCostNoticePaper:
    """What is owed for a sample, and until when the invoice is expected.

    Raises:
        NotFoundError: there is no such sample that the actor may see, or it was not paid for.
    """
    sheet = get_sheet(session, actor, sample_id)
    form, sample = sheet.form, sheet.sample
    if form.paid_amount is None:
        raise NotFoundError(_l("This sample was not paid for."))
    taken_at = sample.sampled_at or sample.issued_at
    signed = _signatures(session, actor, sample_id)
    return PurchaseCostNoticePaper(
        notice_no=f"G{sheet.task.task_no}",
        party_name=form.party_name,
        organisation=paper_organisation(sheet.sampling_organisation),
        lines=(
            PurchaseLine(
                sample.sampling_no,
                form.product_name,
                f"{form.sampled_qty}{form.quantity_unit}",
                form.unit_price if form.unit_price is not None else form.paid_amount,
                form.paid_amount,
            ),
        ),
        paid_by=PAID_BY,
        invoice_title=sheet.sampling_organisation.name_zh,
        taxpayer_no=sheet.sampling_organisation.uscc,
        invoice_by=deadline(session, "purchase_invoice", taken_at).on,
        issued_on=local_date(taken_at),
        samplers=tuple(signed[one] for one in (SignerKind.FIRST_SAMPLER, SignerKind.SECOND_SAMPLER) if one in signed),
        party_signature=signed.get(SignerKind.SAMPLED_PARTY, UNSIGNED),
    )


def paper_organisation(organisation: Organisation) -> PaperOrganisation:
    """An organisation as the papers name it."""
    return PaperOrganisation(
        name=organisation.name_zh,
        address=organisation.address,
        phone=organisation.phone,
        email=organisation.email,
    )


def _party(form: SamplingForm) -> PaperParty:
    return PaperParty(
        name=form.party_name,
        address=form.party_address,
        area_type=official(form.area_type),
        uscc=form.party_uscc,
        licence_kind=form.party_licence_kind,
        licence_no=form.party_licence_no,
        legal_person=form.party_legal_person,
        contact=form.party_contact,
        phone=form.party_phone,
        annual_sales=f"{form.party_annual_sales}万元"
        if form.party_annual_sales and form.stage is Stage.PRODUCTION
        else None,
    )


def _sample(sheet: SampleSheet, seal_nos: tuple[str, ...]) -> PaperSample:
    form = sheet.form
    return PaperSample(
        name=form.product_name,
        category_path=tuple(category.name_zh for category in sheet.category_path),
        kind=official(form.product_type),
        unit=form.quantity_unit,
        sampled_qty=form.sampled_qty,
        backup_qty=form.backup_qty,
        lot_size=form.lot_size,
        brand=form.brand,
        origin=official(form.source),
        attribute=official(form.attribute),
        date_kind=official(form.date_kind),
        dated=form.product_date,
        specification=form.specification,
        shelf_life=form.shelf_life,
        batch_no=form.batch_no,
        grade=form.quality_grade,
        barcode=form.barcode,
        standard=form.executed_standard,
        price=form.unit_price,
        price_unit=form.price_unit,
        imported=form.is_imported,
        origin_country=form.origin if form.is_imported else None,
        for_export=form.is_export,
        packaging=official(form.packaging),
        technique=official(form.sampling_method),
        form=official(form.physical_form),
        storage=(official(form.storage_condition),),
        storage_temperature=celsius_words(form.storage_celsius) or None,
        containers=(official(form.container),),
        seal_nos=seal_nos,
    )


def _traceability(form: SamplingForm) -> PaperTraceability:
    certificate = form.has_commitment_certificate
    return PaperTraceability(
        supplier=form.supplier_name,
        supplier_licence=form.supplier_licence_no,
        bought_on=form.supplied_on,
        ticket=(YES if form.supply_note_no else NO) if form.supplier_name else None,
        certificate=None if certificate is None else (YES if certificate else NO),
        place_of_origin=form.place_of_origin,
    )


def _signatures(session: Session, actor: Actor, sample_id: UUID) -> dict[SignerKind, Signature]:
    return {row.signer: _drawn(session, row) for row in list_signatures(session, actor, sample_id)}


def _drawn(session: Session, row: SampleSignature) -> Signature:
    picture, _media_type = files.read_file(session, row.image_sha256)
    return Signature(row.signer_name, picture, local_date(row.signed_at))
