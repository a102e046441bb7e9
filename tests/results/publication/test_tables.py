"""What the official tables are written with is read back from them, and differences are told column by column."""

import base64
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from lims import clock
from lims.auth.permissions import Role
from lims.errors import InvalidInputError
from lims.outbox.tasks import run_periodic
from lims.tables import read_table_file, to_csv
from results.cli import results_group
from results.publication.comparing import read_publication_file
from results.publication.tables import (
    COLUMNS,
    Form,
    PublishedItem,
    PublishedRow,
    compare_with,
    join_items,
    read_publication,
    split_items,
    write_rows,
)
from tests.factories import referral as cases
from tests.factories.people import make_organisation, make_person
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in
from tests.results.publication.test_publication import give_cma

SIGNS = "甲乙丙abZ09（）()；;、，,/:：《》=+-@'\"~≤×% "
texts = st.text(SIGNS + "\n", max_size=12).map(str.strip).filter(lambda text: text != "/")
names = (
    st.text("铅镉甲乙ab2,-（）；", min_size=1, max_size=8)
    .map(str.strip)
    .filter(lambda name: name and name.count("（") == name.count("）") and name.find("）") >= name.find("（"))
)
results = st.one_of(
    st.sampled_from(["未检出", "<10CFU/g", "1.2×10⁵,3,4,5,6CFU/g", "检出；不得检出", "0.30\nmg/kg"]),
    st.decimals("0.001", "999", places=3).map(lambda value: f"{value}mg/kg"),
)
limits = st.sampled_from(
    ["≤0.2mg/kg", "不得检出", "n=5,c=2,m=10,M=10²CFU/g", "13.5~15.5%vol", "≤5；≤6（以干重计）", ""]
)
items = st.builds(
    PublishedItem, names, results, limits, initial_result=st.one_of(st.just(""), st.sampled_from(["0.3mg/kg", "检出"]))
)


def row_for(form: Form):
    """Rows that tell what a form has columns for."""
    keys = read_publication([COLUMNS[form], ["甲"] * len(COLUMNS[form])]).fields
    fields = {name: texts for name in PublishedRow.__slots__ if name in keys}
    told = items if form in {Form.FAIL, Form.SAMR} else st.builds(PublishedItem, names)
    failed = st.just(()) if form is Form.PASS else st.lists(told, min_size=1, max_size=3).map(tuple)
    numbers = st.text("GZJ0123456789", min_size=8, max_size=8)
    return st.builds(PublishedRow, **fields | {"sampling_no": numbers}, items=failed)


@pytest.mark.parametrize("form", list(Form))
def test_what_is_written_as_a_table_is_read_back_from_the_file_without_loss(form):
    @given(rows=st.lists(row_for(form), min_size=1, max_size=4))
    def round_trip(rows):
        written = to_csv(COLUMNS[form], write_rows(form, rows))
        table = read_publication_file(written)
        assert table.form is form
        assert [row for _number, row in table.rows] == rows
        assert compare_with(table, rows).agrees or len({row.sampling_no for row in rows}) < len(rows)

    round_trip()


@given(failed=st.lists(items, min_size=1, max_size=4).map(tuple))
def test_the_items_of_one_cell_are_split_as_they_were_joined(failed):
    assert split_items(join_items(failed)) == failed


ITEM = PublishedItem("铅", "0.3mg/kg", "≤0.2mg/kg")


def test_a_recheck_stands_beside_the_initial_result_in_the_cell_and_comes_back():
    item = replace(ITEM, result="0.1mg/kg", initial_result="0.3mg/kg")
    assert join_items([item]) == "铅║初检结果：0.3mg/kg 复检结果：0.1mg/kg║≤0.2mg/kg"
    assert split_items(join_items([item])) == (item,)


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("铅║1mg/kg║≤0.2mg/kg,镉║2mg/kg║≤0.1mg/kg", ["铅", "镉"]),
        ("①铅║1mg/kg║≤0.2mg/kg②镉║2mg/kg║≤0.1mg/kg", ["铅", "镉"]),
        ("铅‖1mg/kg‖≤0.2mg/kg；镉‖2mg/kg‖≤0.1mg/kg", ["铅", "镉"]),
        ("初检结果：铅║0.3mg/kg║≤0.2mg/kg复检结果：铅║0.4mg/kg║≤0.2mg/kg", ["铅"]),
    ],
)
def test_cells_of_other_bulletins_are_read_as_well(cell, names):
    assert [one.item for one in split_items(cell)] == names


def test_a_sample_with_several_items_takes_several_rows_of_which_the_later_tell_only_the_item():
    row = PublishedRow(number="1", product_name="韭菜", sampling_no="X1", items=(ITEM, replace(ITEM, item="镉")))
    first, second = write_rows(Form.SAMR, [row])
    assert first[0] == "1"
    assert dict(zip(COLUMNS[Form.SAMR], second, strict=True))["不合格项目"] == "镉"
    assert [cell for cell in second if cell] == ["镉", "0.3mg/kg", "≤0.2mg/kg", "/"]


def test_empty_is_a_slash_except_in_the_columns_of_the_notice():
    [cells] = write_rows(Form.PASS, [PublishedRow(sampling_no="X1")])
    told = dict(zip(COLUMNS[Form.PASS], cells, strict=True))
    assert {name for name, cell in told.items() if cell == ""} == {"公告号", "公告日期", "公告网址链接"}
    assert told["规格型号"] == "/"


def test_a_title_above_the_header_and_a_table_as_a_workbook_are_read():
    book = Workbook()
    book.active.append(["食品抽检不合格产品信息", None, None])
    book.active.append(list(COLUMNS[Form.SAMR]))
    row = PublishedRow(number="1", product_name="韭菜", sampling_no="X1", items=(ITEM, replace(ITEM, item="镉")))
    for cells in write_rows(Form.SAMR, [row]):
        book.active.append(list(cells))
    kept = io.BytesIO()
    book.save(kept)
    assert [one for _number, one in read_publication_file(kept.getvalue()).rows] == [row]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b\n1,2\n", "begin with “a、b”"),
        ("食品名称,食品名称,商标,分类,序号\n".encode(), "names the column “食品名称” twice"),
        (b"", "the file is empty"),
    ],
)
def test_a_file_that_is_no_publication_table_is_told_so(content, words):
    with pytest.raises(InvalidInputError, match=words):
        read_publication_file(content)


def table_of(form, rows):
    return read_publication(read_table_file(to_csv(COLUMNS[form], write_rows(form, rows))).rows)


def test_differences_are_missing_extra_repeated_unnumbered_and_column_by_column():
    base = [
        PublishedRow(sampling_no=f"X{at}", number=str(at), product_name="韭菜", notice_no="1号", items=(ITEM,))
        for at in range(1, 5)
    ]
    given = [
        base[0],
        replace(base[1], product_name="大葱", items=(replace(ITEM, limit="≤0.1mg/kg"),)),
        replace(base[2], sampling_no="Y9"),
        replace(base[0], number="7"),
        replace(base[0], sampling_no=""),
    ]
    found = compare_with(table_of(Form.FAIL, given), base)
    assert found.same == 1
    assert [row.sampling_no for row in found.missing] == ["X3", "X4"]
    assert [(number, row.sampling_no) for number, row in found.extra] == [(4, "Y9")]
    assert (found.repeated, found.unnumbered) == (((5, "X1"),), (6,))
    assert [(one.sampling_no, one.column, one.in_table, one.published) for one in found.different] == [
        ("X2", "食品名称", "大葱", "韭菜"),
        ("X2", "不合格项目║检验结果║标准值", "铅║0.3mg/kg║≤0.1mg/kg", "铅║0.3mg/kg║≤0.2mg/kg"),
    ]


def test_only_what_the_notices_of_a_table_announced_can_be_missing_from_it():
    one = PublishedRow(sampling_no="X1", product_name="韭菜", notice_no="1号")
    found = compare_with(table_of(Form.PASS, [one]), [one, replace(one, sampling_no="X2", notice_no="2号")])
    assert found.agrees


@pytest.fixture
def published(session, frozen_clock):
    """A failure and a pass that stand on the public pages."""
    team = make_team()
    give_cma(team)
    case = cases.make_case(team, product_name="山东大葱")
    cases.serve_all(case.officer, case.sample_id)
    frozen_clock.advance(timedelta(days=20))
    run_periodic("results.publication.publish")
    session.expire_all()
    return case


@pytest.mark.parametrize("form", [Form.FAIL, Form.FAIL_ITEMS, Form.SAMR])
def test_every_table_that_is_downloaded_agrees_with_what_is_published(client, session, published, form):
    content = client.get(f"/results/{form}.csv").data
    assert len(read_publication_file(content).rows) == 1
    officer = make_person(make_organisation(), Role.PLANNER)
    log_in(client, officer)
    page = "/published-tables/"
    fields = {"csrf_token": csrf_token(client, page)}

    def post(data: bytes):
        return client.post(
            page, data=fields | {"file": (io.BytesIO(data), "t.csv")}, content_type="multipart/form-data",
            headers={"Accept-Language": "en"},
        )  # fmt: skip

    assert "The table and the publication agree." in post(content).text
    changed = post(content.replace("山东大葱".encode(), "山东小葱".encode())).text
    assert "山东小葱" in changed
    assert "Told differently" in changed
    refused = post(b"a,b\n1,2\n")
    assert refused.status_code == 422
    assert "This is no publication table" in refused.text


def test_the_api_tells_the_differences_of_a_table_and_refuses_what_is_none(client, published):
    def compare(content: bytes, **more):
        return client.post(
            "/api/v1/publication-tables/comparison",
            json={"content_base64": base64.b64encode(content).decode()} | more,
            headers=bearer(make_person(make_organisation(), Role.AUDITOR)),
        )

    content = client.get("/results/fail.csv").data
    agreed = compare(content).json
    assert (agreed["form"], agreed["agrees"], agreed["same"]) == ("fail", True, 1)
    told = compare(content.replace("山东大葱".encode(), "山东小葱".encode())).json
    [difference] = told["different"]
    assert (told["agrees"], difference["in_table"], difference["published"]) == (False, "山东小葱", "山东大葱")
    year = clock.now().year - 1
    assert len(compare(content, year=year).json["extra"]) == 1, "no notice of the year before tells of it"
    refused = compare(b"a,b\n1,2\n")
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_input")
    assert compare(content, year=1999).status_code == 422


def test_a_terminal_tells_the_differences_and_ends_in_status_1(app, client, published, tmp_path, monkeypatch):
    monkeypatch.setattr("lims.runtime.connect", lambda _app: None)
    monkeypatch.setattr("lims.runtime.disconnect", lambda: None)
    path = tmp_path / "fail.csv"
    path.write_bytes(client.get("/results/fail.csv").data)
    run = app.test_cli_runner().invoke
    assert run(results_group, ["published", str(path)]).exit_code == 0
    path.write_bytes(path.read_bytes().replace("山东大葱".encode(), "山东小葱".encode()))
    result = run(results_group, ["published", str(path), "--json"])
    assert result.exit_code == 1
    [difference] = map(json.loads, result.stdout.splitlines())
    assert (difference["column"], difference["in_table"], difference["published"]) == (
        "食品名称",
        "山东小葱",
        "山东大葱",
    )
    told = json.loads(run(results_group, ["published", str(path), "--read", "--json"]).stdout)
    assert told["items"][0]["limit"] == "≤0.05mg/kg"
    path.write_text("a,b\n")
    assert run(results_group, ["published", str(path)]).exit_code == 2


def test_the_published_failures_of_four_provinces_are_read_and_written_back_the_same(reference_dir):
    source = read_table_file((reference_dir / "data" / "nonconforming_results_2026.csv").read_bytes()).rows
    at = source[0].index("fail_raw")
    cells = [row[at] for row in source[1:] if row[at]]
    assert len(cells) > 900
    for cell in cells:
        once = split_items(cell)
        assert split_items(join_items(once)) == once
