"""A table is looked at against what is in force, sent by one and put in force by another; nothing is overwritten."""

import base64
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from openpyxl import Workbook

from lims.auth.permissions import Role
from lims.catalog.editions import EditionDraft, add_edition
from lims.catalog.load import category_id, item_id
from lims.catalog.lookup import LimitFound, find_limit
from lims.catalog.models import CheckItem, FoodLimit, FoodLimitScope, Method
from lims.catalog.services import supersede_limit
from lims.catalog.types import ItemKind
from lims.decisions import Outcome
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.ledger.models import LedgerEvent
from lims.limit_tables.models import LimitTable, LimitTableRow
from lims.limit_tables.preview import preview_table
from lims.limit_tables.services import decide_table, keep_table, send_table
from lims.limit_tables.types import Column, Part, RowVerdict
from lims.limit_tables.verification import check_rows
from lims.uow import unit_of_work
from tests.factories.limit_tables import file_of, row_of
from tests.factories.people import make_organisation, make_person
from tests.factories.web import bearer, csrf_token, log_in

DAY = date(2026, 12, 1)
BEFORE = DAY - timedelta(days=1)
WHEAT, RICE = category_id("1-1"), category_id("1-2")
LEAD, CADMIUM = item_id("pb"), item_id("cd")


@pytest.fixture
def office(session):
    """Two administrators, of whom one sends and the other decides."""
    organisation = make_organisation()
    return make_person(organisation, Role.ADMINISTRATOR), make_person(organisation, Role.ADMINISTRATOR)


def look(session, *rows, day=DAY):
    return preview_table(session, file_of(*rows), day)


def send(office, *rows, day=DAY, seen=None):
    with unit_of_work(office[0].actor) as uow:
        digest = keep_table(uow, file_of(*rows), day)
        return send_table(
            uow,
            digest,
            file_name="表.csv",
            valid_from=day,
            source="基础表（2026年版）",
            reason="新版",
            seen_sha256=seen,
        ).id


def decide(somebody, table_id, *, approves=True, note=None):
    with unit_of_work(somebody.actor) as uow:
        decide_table(uow, table_id, note, approves=approves)


def in_force(session, category, item, day) -> FoodLimit:
    session.expire_all()
    found = find_limit(session, category, item, day)
    assert isinstance(found, LimitFound)
    return found.limit


def problems_of(row) -> str:
    return " ".join(one.translated(lambda message, **params: message % params) for one in row.problems)


# ---------------------------------------------------------------- looking


def test_a_row_says_what_it_would_change_part_by_part(session):
    [row] = look(session, row_of(standard_max="0.15", limit_max="0.15", methods="GB 5009.12")).rows
    told = {change.part: (change.old, change.new) for change in row.changes}
    assert row.verdict is RowVerdict.CHANGED
    assert told[Part.LIMIT] == ("≤0.2 mg/kg", "≤0.15 mg/kg")
    assert told[Part.RISK_GRADE] == ("", "较高")
    assert told[Part.PROBLEM_CONCLUSION] == ("", "金属等元素污染物超标")
    assert told[Part.RESULT_FORMAT][0] == ""
    assert Part.LOD not in told  # 0.02 mg/kg is in force
    assert Part.KIND not in told


def test_a_limit_where_none_applied_is_new(session):
    row = row_of(item="苯并[a]芘", category_l2="挂面", category_l4="挂面", standard_max="2", limit_max="",
                 standard_max_unit="μg/kg", result_unit="μg/kg", lod="", standard_lod="", result_format="")  # fmt: skip
    [looked] = look(session, row).rows
    assert looked.verdict in {RowVerdict.NEW, RowVerdict.CHANGED}
    assert looked.category is not None
    assert looked.category.code == "1-3"


@pytest.mark.parametrize(
    ("cells", "verdict", "words"),
    [
        ({"category_l4": "香蕉面粉"}, RowVerdict.UNKNOWN, "There is no category “粮食加工品 > 小麦粉 > 香蕉面粉”"),
        (
            {"category_l1": "饮料", "category_l2": ""},
            RowVerdict.UNKNOWN,
            "of that name there is 1-1 粮食加工品 > 小麦粉",
        ),
        ({"item": "香蕉素"}, RowVerdict.UNKNOWN, "There is no test item called “香蕉素”."),
        ({"basis": "GB 2762-2031"}, RowVerdict.UNKNOWN, "has no edition GB 2762-2031; it has GB 2762-2017"),
        ({"basis": "GB 2762-2017"}, RowVerdict.UNKNOWN, "GB 2762-2017 governs what is produced from 2017-09-17"),
        ({"basis": "卫生部公告〔2011〕4号"}, RowVerdict.UNKNOWN, "has no edition of “卫生部公告"),
        ({"standard_max": "零点二"}, RowVerdict.UNREADABLE, "“零点二” is not a limit"),
        ({"lod": "3", "methods": "GB 5009.12"}, RowVerdict.CONFLICT, "above the limit of quantification 0.04 mg/kg"),
        ({"lod_unit": "mg/L", "methods": "GB 5009.12"}, RowVerdict.CONFLICT, "the figures of the method are in mg/kg"),
    ],
)
def test_a_row_that_cannot_be_used_says_which_value_and_what_was_expected(session, cells, verdict, words):
    [row] = look(session, row_of(**cells)).rows
    assert row.verdict is verdict
    assert words in problems_of(row)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({}, "Row 2 is about the same food, item, method and condition."),
        ({"standard_max": "0.3", "limit_max": ""}, "Row 2 gives ≤0.2 mg/kg for the same food"),
        ({"kind": "监测项目"}, "Row 2 calls the same item 抽检项目, this one 监测项目."),
        (
            {"category_l2": "大米", "category_l4": "大米", "lod": "0.01"},
            "gives GB 5009.12-2023 第一法 the LOD 0.02 mg/kg",
        ),
        ({"category_l2": "大米", "category_l4": "大米", "result_format": "数值保留一位小数"}, "another format rule"),
    ],
)
def test_a_row_that_contradicts_or_repeats_an_earlier_one_is_in_conflict_with_it(session, cells, words):
    first, second = look(session, row_of(), row_of(**cells)).rows
    assert first.verdict.is_usable
    assert second.verdict is RowVerdict.CONFLICT
    assert words in problems_of(second)


def test_rows_that_tell_one_method_each_of_the_same_item_belong_together(session):
    rows = look(session, row_of(), row_of(methods="GB 5009.268-2016", lod="0.01", standard_lod="")).rows
    assert [row.verdict.is_taken for row in rows] == [True, True]


def test_the_national_system_keeps_edible_farm_products_as_one_major_category(session):
    cells = {"category_l1": "食用农产品", "category_l2": "蔬菜", "category_l4": "韭菜", "basis": "GB 2763-2021"}
    [row] = look(session, row_of(**cells, item="腐霉利", standard_max="0.2", methods="GB 23200.8")).rows
    assert row.category is not None
    assert row.category.code == "34-4"


def test_a_workbook_is_read_as_a_text_is(session):
    book = Workbook()
    cells = row_of()
    book.active.append([column.value for column in Column])
    book.active.delete_rows(1)
    text = file_of(cells).decode().splitlines()
    book.active.append(text[0].split(","))
    book.active.append([cells.get(column, "") for column in Column])
    kept = io.BytesIO()
    book.save(kept)
    [from_book] = preview_table(session, kept.getvalue(), DAY).rows
    [from_text] = look(session, cells).rows
    assert from_book.to_json() == from_text.to_json()


# ---------------------------------------------------------------- sending and deciding


def test_an_approved_limit_opens_on_its_day_and_the_one_before_ends_the_day_before(session, office):
    old = in_force(session, WHEAT, LEAD, DAY)
    decide(office[1], send(office, row_of(standard_max="0.15", limit_max="")))
    new = in_force(session, WHEAT, LEAD, DAY)
    assert (new.limit_text, new.unit, new.valid_from, new.source) == ("≤0.15", "mg/kg", DAY, "基础表（2026年版）")
    assert in_force(session, WHEAT, LEAD, BEFORE).limit_text == old.limit_text
    assert session.get_one(FoodLimit, old.id).limit_text == "≤0.2"  # the row verdicts point at


def test_a_limit_of_several_categories_goes_on_for_those_that_no_row_changes(session, office):
    decide(office[1], send(office, row_of(standard_max="0.15", limit_max="")))
    assert in_force(session, RICE, LEAD, DAY).limit_text == "≤0.2"
    assert in_force(session, category_id("1-4"), LEAD, DAY).limit_text == "≤0.2"


def test_a_limit_that_names_a_category_among_others_ends_there_and_goes_on_elsewhere(session, office):
    buns, cell = category_id("31-2"), {"category_l1": "餐饮食品", "category_l2": "", "category_l4": "包子（自制）"}
    old = in_force(session, buns, LEAD, DAY)
    elsewhere = scope_of(session, old) - {buns}
    assert elsewhere
    decide(office[1], send(office, row_of(**cell, standard_max="0.4", limit_max="")))
    assert in_force(session, buns, LEAD, DAY).limit_text == "≤0.4"
    assert in_force(session, buns, LEAD, BEFORE).limit_text == "≤0.5"
    [going_on] = session.scalars(
        sa.select(FoodLimit).where(
            FoodLimit.food_path == old.food_path,
            FoodLimit.item_id == LEAD,
            FoodLimit.valid_from == DAY,
            FoodLimit.superseded_at.is_(None),
        )
    )
    assert (going_on.limit_text, scope_of(session, going_on)) == ("≤0.5", elsewhere)


def scope_of(session, limit) -> set:
    rows = session.scalars(sa.select(FoodLimitScope.category_id).where(FoodLimitScope.limit_id == limit.id))
    return set(rows)


def test_a_second_table_replaces_the_limit_of_the_first_in_its_own_line_of_versions(session, office):
    decide(office[1], send(office, row_of(standard_max="0.15", limit_max="")))
    first = in_force(session, WHEAT, LEAD, DAY)
    later = DAY + timedelta(days=30)
    decide(office[1], send(office, row_of(standard_max="0.1", limit_max=""), day=later))
    second = in_force(session, WHEAT, LEAD, later)
    ended = in_force(session, WHEAT, LEAD, later - timedelta(days=1))
    assert (second.limit_text, ended.limit_text) == ("≤0.1", "≤0.15")
    assert ended.valid_to == later - timedelta(days=1)
    assert (second.replaces_id, ended.replaces_id) == (ended.id, first.id)
    assert session.get_one(FoodLimit, first.id).superseded_at is not None


def test_a_table_that_begins_on_the_very_day_of_the_limit_in_force_leaves_no_empty_version(session, office):
    decide(office[1], send(office, row_of(standard_max="0.15", limit_max="")))
    decide(office[1], send(office, row_of(standard_max="0.12", limit_max="")))
    assert in_force(session, WHEAT, LEAD, DAY).limit_text == "≤0.12"
    assert in_force(session, WHEAT, LEAD, BEFORE).limit_text == "≤0.2"


def test_after_its_approval_a_table_would_change_nothing_more(session, office):
    rows = [
        row_of(standard_max="0.15", limit_max=""),
        row_of(methods="GB 5009.268-2016", standard_max="0.15", limit_max=""),
    ]
    decide(office[1], send(office, *rows))
    session.expire_all()
    assert [row.verdict for row in look(session, *rows).rows] == [RowVerdict.SAME, RowVerdict.SAME]


def test_method_figures_and_the_rule_book_follow_the_table(session, office):
    row = row_of(kind="监测项目", methods="GB 5009.268-2016 第一法", lod="20", lod_unit="μg/kg", standard_lod="")
    decide(office[1], send(office, row))
    method = session.scalars(
        sa.select(Method).where(
            Method.item_id == LEAD,
            Method.standard == "GB 5009.268",
            Method.part == "第一法",
            Method.superseded_at.is_(None),
        )
    ).one()
    assert (method.lod, method.unit) == (Decimal(20), "μg/kg")
    assert method.reported_digits is not None
    check = session.scalars(
        sa.select(CheckItem).where(
            CheckItem.category_id == WHEAT, CheckItem.item_id == LEAD, CheckItem.superseded_at.is_(None)
        )
    ).one()
    assert (check.kind, check.risk_grade) == (ItemKind.MONITORING, "较高")
    assert check.method_standards == ["GB 5009.12", "GB 5009.268 第一法"]


def test_an_empty_cell_changes_nothing(session, office):
    silent = ("risk_grade", "kind", "result_format", "lod", "standard_lod", "methods", "problem_conclusion")
    bare = row_of(**dict.fromkeys((*silent, "standard_max", "limit_max"), ""))
    [row] = look(session, bare).rows
    assert row.verdict is RowVerdict.SAME
    with pytest.raises(InvalidInputError, match="No row of this table would change anything"):
        send(office, bare)


def test_rows_that_cannot_be_used_are_left_out_and_kept_with_their_reason(session, office):
    table_id = send(office, row_of(standard_max="0.15", limit_max=""), row_of(item="香蕉素"))
    decide(office[1], table_id)
    kept = session.scalars(
        sa.select(LimitTableRow).where(LimitTableRow.table_id == table_id).order_by(LimitTableRow.row_no)
    ).all()
    assert [(row.row_no, row.verdict) for row in kept] == [(2, RowVerdict.CHANGED), (3, RowVerdict.UNKNOWN)]
    assert kept[1].told["problems"][0]["params"] == {"given": "香蕉素"}


def test_who_sent_a_table_cannot_decide_on_it(session, office):
    table_id = send(office, row_of(standard_max="0.15", limit_max=""))
    with pytest.raises(ConflictError, match="somebody else than who sent it"):
        decide(office[0], table_id)


def test_a_table_is_declined_with_a_reason_and_changes_nothing(session, office):
    table_id = send(office, row_of(standard_max="0.15", limit_max=""))
    with pytest.raises(InvalidInputError, match="Say why"):
        decide(office[1], table_id, approves=False)
    decide(office[1], table_id, approves=False, note="旧版")
    assert session.get_one(LimitTable, table_id).outcome is Outcome.DECLINED
    assert in_force(session, WHEAT, LEAD, DAY).limit_text == "≤0.2"
    with pytest.raises(ConflictError, match="decided already"):
        decide(office[1], table_id)


def test_rows_whose_limit_changed_since_the_table_was_sent_stop_the_approval_and_are_named(session, office):
    table_id = send(
        office,
        row_of(item="镉", methods="GB 5009.15", standard_max="0.08", limit_max=""),
        row_of(standard_max="0.15", limit_max=""),
    )
    with unit_of_work(office[0].actor) as uow:
        supersede_limit(uow, in_force(session, WHEAT, LEAD, DAY).id, {"limit_text": "≤0.18"}, reason="更正")
    with pytest.raises(ConflictError, match="for its rows 3:"):
        decide(office[1], table_id)
    assert in_force(session, WHEAT, CADMIUM, DAY).limit_text == "≤0.1"


def test_what_changed_since_the_sender_looked_stops_the_sending(session, office):
    row = row_of(standard_max="0.15", limit_max="")
    seen = look(session, row).sha256
    with unit_of_work(office[0].actor) as uow:
        supersede_limit(uow, in_force(session, WHEAT, LEAD, DAY).id, {"limit_text": "≤0.18"}, reason="更正")
    with pytest.raises(ConflictError, match="has changed since you looked"):
        send(office, row, seen=seen)


def test_the_same_table_waits_only_once(session, office):
    row = row_of(standard_max="0.15", limit_max="")
    send(office, row)
    with pytest.raises(ConflictError, match="waits for its decision"):
        send(office, row)


def test_a_table_before_a_limit_that_begins_later_is_told_so(session, office):
    decide(office[1], send(office, row_of(standard_max="0.15", limit_max=""), day=DAY + timedelta(days=30)))
    session.expire_all()
    [row] = look(session, row_of(standard_max="0.12", limit_max="")).rows
    assert row.verdict is RowVerdict.CONFLICT
    assert "begins on 2026-12-31 already" in problems_of(row)


def test_an_edition_that_is_added_can_be_named_by_a_table(session, office):
    row = row_of(basis="GB 7718-2025", standard_max="0.15", limit_max="")
    assert look(session, row).rows[0].verdict is RowVerdict.UNKNOWN
    draft = EditionDraft(
        number="GB7718", edition="2025", in_force_from=date(2026, 1, 1), in_force_to=None, source="公告"
    )
    with unit_of_work(office[0].actor) as uow:
        add_edition(uow, draft, reason="新版")
    with pytest.raises(ConflictError, match="known already"), unit_of_work(office[0].actor) as uow:
        add_edition(uow, draft, reason="新版")
    assert look(session, row).rows[0].verdict is RowVerdict.CHANGED


def test_sending_and_applying_stand_in_the_ledger_and_the_rows_are_proved_by_it(session, office):
    table_id = send(office, row_of(standard_max="0.15", limit_max=""))
    decide(office[1], table_id)
    session.expire_all()
    told = "\n".join(session.scalars(sa.select(LedgerEvent.body).where(LedgerEvent.chain == "config")))
    for name in ("limit_table_sent", "limit_added", "limit_table_applied"):
        assert f"lims.{name}.v1" in told
    assert session.get_one(LimitTable, table_id).rows_sha256.hex() in told
    assert check_rows(session).violations == 0
    session.add(LimitTableRow(table_id=table_id, row_no=99, verdict=RowVerdict.SAME, told={"verdict": "same"}))
    session.flush()
    assert check_rows(session).violations == 1


# ---------------------------------------------------------------- pages, API


PAGE = "/catalog/limit-tables/"


def hand_in(client, *rows, day=DAY):
    return client.post(
        PAGE,
        data={
            "csrf_token": csrf_token(client, PAGE),
            "valid_from": day.isoformat(),
            "file": (io.BytesIO(file_of(*rows)), "基础表.csv"),
        },
        content_type="multipart/form-data",
    )


def test_a_table_goes_from_the_file_over_the_preview_to_a_second_person(client, session, office):
    log_in(client, office[0])
    answer = hand_in(client, row_of(standard_max="0.15", limit_max=""), row_of(item="香蕉素"))
    assert answer.status_code == 303
    preview = answer.location
    page = client.get(preview, headers={"Accept-Language": "en"}).text
    assert "≤0.2 mg/kg" in page
    assert "≤0.15 mg/kg" in page
    assert "There is no test item called “香蕉素”." in page
    assert "香蕉素" not in client.get(f"{preview}&verdict=changed").text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    fields = {"csrf_token": csrf_token(client, preview), "seen": seen, "source": "基础表", "reason": ""}
    refused = client.post(preview, data=fields, headers={"Accept-Language": "en"})
    assert refused.status_code == 422
    assert 'value="基础表"' in refused.text
    sent = client.post(preview, data=fields | {"reason": "新版"})
    assert sent.status_code == 303
    assert "You sent this table" in client.get(sent.location, headers={"Accept-Language": "en"}).text
    log_in(client, office[1])
    decided = client.post(sent.location, data={"csrf_token": csrf_token(client, sent.location), "decision": "approved"})
    assert decided.status_code == 303
    assert in_force(session, WHEAT, LEAD, DAY).limit_text == "≤0.15"
    assert "基础表.csv" in client.get(PAGE).text


@pytest.mark.parametrize(("path", "status"), [("preview/00?valid_from=2026-12-01", 404), ("preview/" + "0" * 64, 422)])
def test_an_address_of_a_preview_that_is_none_is_refused(client, session, office, path, status):
    assert log_in(client, office[0]).get(PAGE + path).status_code == status


def test_a_file_that_is_no_table_is_told_at_its_field_and_the_day_stays(client, session, office):
    log_in(client, office[0])
    answer = client.post(
        PAGE,
        data={
            "csrf_token": csrf_token(client, PAGE),
            "valid_from": "2027-01-01",
            "file": (io.BytesIO(b"a,b\n1,2\n"), "x.csv"),
        },
        content_type="multipart/form-data",
        headers={"Accept-Language": "en"},
    )
    assert answer.status_code == 422
    assert "No header found" in answer.text
    assert 'value="2027-01-01"' in answer.text


def test_everybody_reads_a_sent_table_and_the_quality_manager_decides(client, session, office):
    table_id = send(office, row_of(standard_max="0.15", limit_max=""))
    tester = make_person(make_organisation(), Role.TESTER)
    assert log_in(client, tester).get(f"{PAGE}{table_id}").status_code == 200
    assert "decision" not in client.get(f"{PAGE}{table_id}").text.partition("<main")[2]
    decide(make_person(make_organisation(), Role.QUALITY_MANAGER), table_id)
    assert in_force(session, WHEAT, LEAD, DAY).limit_text == "≤0.15"


def test_the_columns_can_be_downloaded_and_read_back(client, session, office):
    text = log_in(client, office[0]).get(f"{PAGE}template.csv").data.decode("utf-8-sig")
    assert text.strip().split(",")[0] == "大类"
    assert len(text.strip().split(",")) == 26


def test_a_program_looks_sends_and_decides(client, session, office):
    body = {
        "name": "表.csv",
        "content_base64": base64.b64encode(file_of(row_of(standard_max="0.15", limit_max=""))).decode(),
        "valid_from": DAY.isoformat(),
    }
    base = "/api/v1/catalog/limit-tables"
    looked = client.post(f"{base}/preview", json=body, headers=bearer(office[0])).json
    assert looked["counts"] == {"changed": 1}
    assert {"part": "limit", "old": "≤0.2 mg/kg", "new": "≤0.15 mg/kg"} in looked["rows"][0]["changes"]
    sent = client.post(base, json=body | {"source": "基础表", "reason": "新版"}, headers=bearer(office[0]))
    assert sent.status_code == 201
    one = f"{base}/{sent.json['id']}"
    assert client.get(f"{one}/rows?verdict=changed", headers=bearer(office[1])).json["items"][0]["row"] == 2
    own = client.post(f"{one}/decision", json={"approves": True}, headers=bearer(office[0]))
    assert own.status_code == 409
    assert client.post(f"{one}/decision", json={"approves": True}, headers=bearer(office[1])).status_code == 201
    assert client.get(one, headers=bearer(office[1])).json["outcome"] == "approved"
    assert client.get(base, headers=bearer(office[1])).json["items"][0]["id"] == sent.json["id"]


def test_the_rows_of_a_sent_table_cannot_be_changed(session, office):
    send(office, row_of(standard_max="0.15", limit_max=""))
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        session.execute(sa.text("UPDATE limit_table_row SET told = '{}'"))


def test_an_unknown_table_is_not_found(session, office):
    with pytest.raises(NotFoundError):
        decide(office[1], WHEAT)


def test_a_new_edition_is_added_on_its_page(client, session, office):
    page = "/catalog/standards/new"
    log_in(client, office[0])
    fields = {
        "csrf_token": csrf_token(client, page),
        "number": "GB 7718",
        "edition": "20255",
        "in_force_from": "2026-01-01",
        "source": "公告",
        "reason": "新版",
    }
    refused = client.post(page, data=fields, headers={"Accept-Language": "en"})
    assert refused.status_code == 422
    assert "A year has four digits" in refused.text
    assert client.post(page, data=fields | {"edition": "2025"}).status_code == 303
    assert "GB 7718-2025" in client.get("/catalog/standards?q=7718").text
