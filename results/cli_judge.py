"""`lims results judge FILE`: what a bulletin or an export says, judged item by item."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click

from lims.i18n import gettext as _
from lims.quantities import N_
from results.judge_file import JudgedSegment, ResultsFileError, judge_file

_VERDICTS = {
    "pass": N_("Pass"),
    "fail": N_("Fail"),
    "problem": N_("Problem"),
    "not_judged": N_("Not judged"),
    "cannot_judge": N_("Cannot be judged"),
    "untested": N_("Not tested"),
    "unreadable": N_("Unreadable"),
}


@click.command("judge")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object per item, a line each.")
def judge(file: Path, *, as_json: bool) -> None:
    """Judge every result in FILE (CSV or XLSX) against the limit beside it.

    Columns are found by name (item, result, limit, unit; 检验项目, 检验结果, 标准值, 结果单位 …) or by the published
    one-cell form 项目║结果║标准值. Reasons are in the language of LIMS_LOCALE.

    Exit status: 0 everything was judged, 1 the source is wrong somewhere, 2 FILE is no table of results.
    """
    counts: Counter[str] = Counter()
    is_wrong = False
    try:
        for segment in judge_file(file):
            counts[segment.judgement.verdict] += 1
            is_wrong = is_wrong or segment.judgement.source_is_wrong
            click.echo(_as_json(segment) if as_json else _as_line(segment))
    except ResultsFileError as refusal:
        raise click.UsageError(refusal.reason.translated(_)) from refusal
    if not as_json:
        parts = [f"{_(_VERDICTS[verdict])} {count}" for verdict, count in counts.most_common()]
        click.echo(_("%(count)s items: %(parts)s", count=counts.total(), parts=", ".join(parts)), err=True)
    raise SystemExit(1 if is_wrong else 0)


def _reason(segment: JudgedSegment) -> str:
    return " ".join(reason.translated(_) for reason in segment.judgement.reasons)


def _as_json(segment: JudgedSegment) -> str:
    line: dict[str, Any] = {
        "record_id": segment.record_id,
        "item": segment.item,
        "result": segment.result,
        "limit": segment.limit,
        "unit": segment.judgement.unit,
        "verdict": segment.judgement.verdict.value,
        "rule": segment.judgement.rule.value,
        "reason": _reason(segment),
    }
    return json.dumps(line, ensure_ascii=False)


def _as_line(segment: JudgedSegment) -> str:
    verdict = _(_VERDICTS[segment.judgement.verdict])
    shown = (segment.record_id, verdict, segment.item, segment.result, segment.limit, _reason(segment))
    return "\t".join(field.replace("\n", " ") for field in shown)
