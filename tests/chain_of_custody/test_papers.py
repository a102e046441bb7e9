"""The hand-over record: one row a portion, six things looked at, accepted or refused."""

from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader

from chain_of_custody.papers import HandoverCheck, HandoverLine, HandoverRecordPaper, render_handover_record
from chain_of_custody.queries import list_seal_nos
from sampling.assembly import assemble_form
from sampling.papers import PaperOrganisation, Signature
from tests.factories.chain_of_custody import make_sealed_sample
from tests.factories.sampling import make_sample, make_team

SOUND = HandoverCheck(
    seal_intact=True,
    packaging_intact=True,
    quantity_sufficient=True,
    condition_normal=True,
    papers_complete=True,
    papers_match=True,
)


def make_line(**changes: object) -> HandoverLine:
    line = HandoverLine(
        sampling_no="XBJ26510502463233772",
        sample_name="豇豆",
        portion="检验样品",
        quantity="2.0 kg",
        seal_no="FT26110018-1",
        storage="常温",
        check=SOUND,
        accepted=True,
    )
    return replace(line, **changes)  # type: ignore[arg-type]


def make_record(*lines: HandoverLine) -> HandoverRecordPaper:
    return HandoverRecordPaper(
        record_no="YJ20261118003",
        handed_over_by=PaperOrganisation("江阳县市场监督管理局", contact="周明", phone="0830-2999001"),
        received_by=PaperOrganisation("泸州市食品检验检测院", contact="黄丽", phone="0830-3111222"),
        way="快递",
        consignment_no="SF1234567890123",
        lines=lines or (make_line(),),
        transport_temperature="2–8 ℃",
        handed_over_at=datetime(2026, 11, 18, 7, 30, tzinfo=UTC),
        received_at=datetime(2026, 11, 18, 18, 42, tzinfo=UTC),
        giver=Signature("周明", signed_on=date(2026, 11, 18)),
        taker=Signature("黄丽", signed_on=date(2026, 11, 19)),
    )


def pages_of(record: HandoverRecordPaper) -> list[str]:
    pages = PdfReader(BytesIO(render_handover_record(record))).pages
    return ["".join(page.extract_text().split()).replace("\u200b", "") for page in pages]


def test_both_sides_the_way_and_the_local_times_are_printed() -> None:
    [page] = pages_of(make_record())
    for fact in (
        "江阳县市场监督管理局",
        "泸州市食品检验检测院",
        "SF1234567890123",
        "2026-11-1815:30",
        "2026-11-1902:42",
    ):
        assert fact in page
    assert page.count("YJ20261118003") == 1


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ("seal_intact", "完好", "有破损"),
        ("packaging_intact", "完好", "有破损"),
        ("quantity_sufficient", "满足要求", "不满足"),
        ("condition_normal", "正常", "异常"),
        ("papers_complete", "齐全", "不齐全"),
        ("papers_match", "相符", "不符"),
    ],
)
def test_each_check_ticks_its_own_pair(check: str, good: str, bad: str) -> None:
    [sound] = pages_of(make_record(make_line(check=SOUND)))
    [faulty] = pages_of(make_record(make_line(check=replace(SOUND, **{check: False}))))
    assert sound.count(f"☑{good}") == faulty.count(f"☑{good}") + 1
    assert f"☑{bad}" not in sound
    assert faulty.count(f"☑{bad}") == 1


def test_what_was_not_looked_at_yet_is_left_open() -> None:
    [page] = pages_of(make_record(make_line(check=HandoverCheck(), accepted=None)))
    assert "☑" not in page


def test_a_refusal_carries_its_reason() -> None:
    [page] = pages_of(make_record(make_line(accepted=False, refusal_reason="封条有破损，无法确认样品")))
    assert "☑拒收" in page
    assert "☐接受" in page
    assert "封条有破损，无法确认样品" in page


def test_a_long_record_repeats_its_head_and_counts_its_pages() -> None:
    lines = [make_line(sampling_no=f"XBJ2651050246323{number:04d}") for number in range(45)]
    pages = pages_of(make_record(*lines))
    assert len(pages) > 1
    for number, page in enumerate(pages[:-1], start=1):
        assert "接收意见" in page
        assert f"第{number}页共{len(pages)}页" in page
    assert all(any(line.sampling_no in page for page in pages) for line in lines)


def test_the_same_record_gives_the_same_bytes() -> None:
    assert render_handover_record(make_record()) == render_handover_record(make_record())


def test_the_seals_stand_on_the_sampling_form_once_there_are_any(session, client):
    team = make_team()
    unsealed = make_sample(team)
    assert assemble_form(session, team.planner.actor, unsealed).sample.seal_nos == ()
    sealed, numbers = make_sealed_sample(team)
    printed = assemble_form(session, team.planner.actor, sealed).sample.seal_nos
    assert len(printed) == len(numbers) == 2
    assert printed == tuple(list_seal_nos(session, sealed))
