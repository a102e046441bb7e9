"""What stands on an original record, read from what the bench wrote down; in Chinese, as all papers are."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from uuid import UUID

from sqlalchemy.orm import Session

from lims.catalog.queries import ancestors
from lims.clock import local_date, local_time
from lims.errors import ConflictError
from lims.i18n import DEFAULT_LOCALE, speaking
from lims.i18n import lazy_gettext as _l
from lims.people.queries import get_organisation, person_names
from lims.quantities import format_measured
from results.environment.queries import Course, courses_between
from results.evidence.queries import Controlled, MeasuredOn, controlled, measured_on
from results.models import ItemResult, ResultRetest, TestSet
from results.papers.raw_record import RawRecordPaper, RecordLine, RecordSheet, StruckResult, render_raw_record
from results.preparations.queries import materials_of_batch
from results.preparations.types import Material
from results.quality.words import OUTCOMES, SLOT_KINDS
from results.queries import BenchLine, last_lock, list_lines, replaced_retests, retests_of, superseded_results
from results.raw_data.queries import list_raw_data
from results.raw_records.models import RecordTemplate
from results.raw_records.queries import list_templates
from results.raw_records.rules import template_on
from results.rules.findings import with_unit
from results.rules.formulas import get_formula
from results.types import ItemVerdict


def record_pdf(session: Session, test_set: TestSet) -> bytes:
    """The original record of a set, on the templates that were in force when testing began.

    Raises:
        ConflictError: nothing was entered yet, or no template was in force for one of its methods on that day.
    """
    with speaking(DEFAULT_LOCALE):
        return render_raw_record(_paper(session, test_set))


def templates_of(session: Session, test_set: TestSet) -> list[RecordTemplate]:
    """The templates that the original record of a set is printed on.

    Raises:
        ConflictError: as `record_pdf`.
    """
    lines = list_lines(session, test_set.id)
    written = _written(test_set, lines, superseded_results(session, test_set.id))
    began = min(one.entered_at for one in written)
    sheets = _by_template(list_templates(session, test_set.lab_id), lines, local_date(began))
    return [template for template, _lines in sheets]


def _written(
    test_set: TestSet, lines: Sequence[BenchLine], struck: Mapping[UUID, Sequence[ItemResult]]
) -> list[ItemResult]:
    """Every result that was ever entered.

    Raises:
        ConflictError: none was.
    """
    written = [one.result for one in lines if one.result] + [one for rows in struck.values() for one in rows]
    if not written:
        raise ConflictError(_l("Nothing was entered for %(code)s yet.", code=test_set.blind_code))
    return written


def _paper(session: Session, test_set: TestSet) -> RawRecordPaper:
    lines = list_lines(session, test_set.id)
    struck = superseded_results(session, test_set.id)
    written = _written(test_set, lines, struck)
    began, last = min(one.entered_at for one in written), max(one.entered_at for one in written)
    lock = last_lock(session, test_set.id)
    retests = retests_of(session, lines)
    earlier = replaced_retests(session, lines)
    people = {one.entered_by_id for one in written} | {one.tested_by_id for one in retests.values()}
    people |= {one.tested_by_id for rows in earlier.values() for one in rows}
    names = person_names(session, people | ({lock.reviewer_id} if lock else set()))
    measured, batches = measured_on(session, test_set), controlled(session, test_set)
    materials = {one.number: one for row in batches for one in materials_of_batch(session, row.batch.id)}
    sheets = _by_template(list_templates(session, test_set.lab_id), lines, local_date(began))

    def again(line_id: UUID) -> list[ResultRetest]:
        """Every retest of a line, the one of the result that stands last."""
        return [*earlier.get(line_id, ()), *([retests[line_id]] if line_id in retests else [])]

    return RawRecordPaper(
        blind_code=test_set.blind_code,
        lab=get_organisation(session, test_set.lab_id).name_zh,
        food=" ＞ ".join(one.name_zh for one in ancestors(session, test_set.food_category_id)),
        began_at=began,
        last_at=last,
        testers=tuple(dict.fromkeys(names[one.entered_by_id] for one in written)),
        checker=names[lock.reviewer_id] if lock else None,
        checked_at=lock.locked_at if lock else None,
        instruments=_instruments(measured),
        rooms=tuple(map(_room, courses_between(session, test_set.lab_id, test_set.opened_at, last))),
        materials=tuple(map(_material, materials.values())),
        controls=tuple(text for row in batches for text in _controls(row)),
        files=tuple(
            f"{one.file_name}（SHA-256 {one.sha256.hex()[:16]}…）" for one in list_raw_data(session, test_set.id)
        ),
        sheets=tuple(
            RecordSheet(
                template.title,
                template.number,
                template.version,
                tuple(_line(one, measured, struck.get(one.line.id, ()), again(one.line.id), names) for one in rows),
            )
            for template, rows in sheets
        ),
        dated=local_date(last),
    )


def _by_template(
    templates: Sequence[RecordTemplate], lines: Sequence[BenchLine], day: date
) -> list[tuple[RecordTemplate, list[BenchLine]]]:
    """The lines of each template, in the order of the worklist.

    Raises:
        ConflictError: a method has no template on that day.
    """
    found: dict[UUID, tuple[RecordTemplate, list[BenchLine]]] = {}
    for one in lines:
        standard = one.method.standard if one.method else ""
        template = template_on(templates, standard, day)
        if template is None:
            raise ConflictError(
                _l(
                    "No controlled template for %(method)s was in force on %(day)s; the quality manager issues one.",
                    method=standard or one.item.name_zh,
                    day=day.isoformat(),
                )
            )
        found.setdefault(template.id, (template, []))[1].append(one)
    return list(found.values())


def _line(
    one: BenchLine,
    measured: Sequence[MeasuredOn],
    struck: Sequence[ItemResult],
    retests: Sequence[ResultRetest],
    names: Mapping[UUID, str],
) -> RecordLine:
    result = one.result
    unit = one.line.unit or one.line.limit_unit
    versions = [*struck, *([result] if result else [])]
    return RecordLine(
        item=one.item.name_zh,
        method=f"{one.method.standard} {one.method.part}".strip() if one.method else "/",
        lod=f"{format_measured(one.line.lod)}{one.line.unit}" if one.line.lod is not None else None,
        readings=tuple(
            f"{row.reading.value_text} {row.reading.unit_text}".strip()
            for row in measured
            if row.reading.item_text in {one.item.name_zh, one.item.name_en}
        ),
        working=(*_working(result), *(_retest(one, unit, names) for one in retests)),
        result=with_unit(result.entered_text, unit) if result else None,
        untested_reason=result.untested_reason if result else None,
        tester=names[result.entered_by_id] if result else None,
        entered_at=result.entered_at if result else None,
        struck=tuple(
            StruckResult(old.entered_text, names[old.entered_by_id], old.entered_at, newer.change_reason or "")
            for old, newer in pairwise(versions)
        ),
    )


def _retest(retest: ResultRetest, unit: str, names: Mapping[UUID, str]) -> str:
    """A second measurement of a fail, with who made it."""
    outcome = "不合格" if retest.verdict is ItemVerdict.FAIL else "与原结果不一致"
    at = local_time(retest.tested_at).strftime("%Y-%m-%d %H:%M")
    return f"复测：{with_unit(retest.entered_text, unit)}（{outcome}），{names[retest.tested_by_id]} {at}"


def _working(result: ItemResult | None) -> tuple[str, ...]:
    """The formula as the standard prints it, each value with its symbol, and what came out unrounded."""
    if result is None or result.calculation is None:
        return ()
    formula = get_formula(result.calculation["formula"])
    interims = result.calculation["interims"]
    values = "，".join(
        f"{one.symbol} = {interims[one.name]}{' ' + one.unit if one.unit else ''}"
        for one in formula.interims
        if interims.get(one.name)
    )
    return (f"{formula.title}：{formula.expression}", values, f"= {result.calculation['value']} {formula.unit}".strip())


def _instruments(measured: Sequence[MeasuredOn]) -> tuple[str, ...]:
    texts = []
    for one in measured:
        device = one.instrument
        plate = "，".join(filter(None, (device.model, device.serial_no)))
        held = one.calibration
        until = f"校准证书 {held.certificate_no}，有效期至 {held.due_on.isoformat()}" if held else "当日无有效校准"
        texts.append(f"{device.name}{f'（{plate}）' if plate else ''}：{until}")
    return tuple(dict.fromkeys(texts))


def _room(course: Course) -> str:
    humidity = (
        f"，{format_measured(course.driest)}–{format_measured(course.wettest)} %RH"
        if course.driest is not None and course.wettest is not None
        else ""
    )
    outside = f"，其中{course.outside}次超出控制范围" if course.outside else ""
    celsius = f"{format_measured(course.lowest)}–{format_measured(course.highest)} ℃"
    return f"{course.room.name}：{celsius}{humidity}（{course.readings}次读数{outside}）"


def _material(one: Material) -> str:
    return f"{one.name} {one.number}（有效期至 {one.last_day.isoformat()}）"


def _controls(row: Controlled) -> list[str]:
    """Each control of a batch with what was found and how it was judged."""
    return [
        f"{row.batch.batch_no} 第{cell.slot.position}位 {SLOT_KINDS[cell.slot.kind]} {cell.item.name_zh}："
        f"{cell.result.entered_text if cell.result else '/'}"
        f"（{OUTCOMES[cell.verdict.outcome] if cell.verdict else '未评价'}）"
        for cell in row.controls
    ]
