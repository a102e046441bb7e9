"""A fail is measured a second time before it is locked (domain rule 11)."""

from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims import clock
from lims.actors import INSTALL
from lims.catalog.services import set_parameter
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import LOCALE_COOKIE
from lims.uow import unit_of_work
from lims.verification import run_checks
from results.models import ResultRetest, TestSet, TestSetItem
from results.queries import count_fails, list_lines
from results.services.confirming import NotConfirmedError, Retest, enter_retest, enter_retests
from results.services.entry import EntriesRefusedError, enter_results
from results.services.imports import Preview, import_file, preview_file
from results.services.review import lock_results
from results.types import Entry, ItemVerdict, LimitState
from tests.factories.results import STATED, make_locked_set, make_test_set
from tests.factories.sampling import Team, make_team
from tests.factories.web import bearer, csrf_token, log_in


@pytest.fixture
def team(session: Session) -> Team:
    return make_team()


def failing_line(session: Session, made: TestSet) -> TestSetItem:
    """The first item with a maximum."""
    return next(
        one.line
        for one in list_lines(session, made.id)
        if one.line.limit_state is LimitState.FOUND and one.line.limit_text.startswith("≤")
    )


def make_over(team: Team, made: TestSet) -> TestSet:
    """Enter a set so that its first item with a maximum is far over it."""
    with unit_of_work(team.tester.actor) as uow:
        over = failing_line(uow.session, made).id
        entries = []
        for one in list_lines(uow.session, made.id):
            if one.line.id == over:
                entries.append(Entry(over, "99"))
            elif one.line.limit_state is LimitState.FOUND:
                entries.append(Entry(one.line.id, "未检出" if one.line.lod is not None else STATED))
            else:
                entries.append(Entry(one.line.id, "/", untested_reason="限量未载入"))
        enter_results(uow, made.blind_code, entries)
    return made


@pytest.fixture
def made(session: Session, team: Team) -> TestSet:
    """A set whose first item with a maximum is far over it."""
    return make_over(team, make_test_set(team))


def lock(team: Team, made: TestSet) -> None:
    with unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, made.blind_code)


def retest(team: Team, made: TestSet, line: TestSetItem, text: str) -> ItemVerdict:
    with unit_of_work(team.tester.actor) as uow:
        return enter_retest(uow, made.blind_code, line.id, text).verdict


def test_a_fail_is_locked_when_a_retest_bears_it_out_and_not_before(
    session: Session, team: Team, made: TestSet
) -> None:
    line = failing_line(session, made)
    with pytest.raises(NotConfirmedError):
        lock(team, made)
    assert retest(team, made, line, "98") is ItemVerdict.FAIL
    lock(team, made)
    assert not [one for one in run_checks(session, "verdicts") if one.violations]


def test_a_retest_that_passes_keeps_the_fail_from_its_lock_until_the_result_is_replaced(
    session: Session, team: Team, made: TestSet
) -> None:
    line = failing_line(session, made)
    assert retest(team, made, line, "未检出") is ItemVerdict.PASS
    with pytest.raises(NotConfirmedError, match="bear out"):
        lock(team, made)
    with unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(line.id, "未检出", "首次进样被污染")])
    lock(team, made)
    assert session.scalars(sa.select(ResultRetest.version)).all() == [1]  # the retest stays on record


def test_a_replaced_result_that_fails_again_needs_a_retest_of_its_own(
    session: Session, team: Team, made: TestSet
) -> None:
    line = failing_line(session, made)
    retest(team, made, line, "98")
    with unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(line.id, "97", "抄写错误")])
    with pytest.raises(NotConfirmedError):
        lock(team, made)
    retest(team, made, line, "96")
    lock(team, made)


def test_only_a_fail_is_tested_again_once_by_who_may_and_with_a_result(
    session: Session, team: Team, made: TestSet
) -> None:
    line = failing_line(session, made)
    other = next(one.line for one in list_lines(session, made.id) if one.line.id != line.id)
    with pytest.raises(ConflictError):
        retest(team, made, other, "98")
    for text in ("banana", "/"):
        with pytest.raises(InvalidInputError):
            retest(team, made, line, text)
    with pytest.raises(NotFoundError), unit_of_work(team.samplers[0].actor) as uow:
        enter_retest(uow, made.blind_code, line.id, "98")
    retest(team, made, line, "98")
    with pytest.raises(ConflictError):
        retest(team, made, line, "98")


def test_a_laboratory_that_does_not_ask_for_retests_locks_without(session: Session, team: Team, made: TestSet) -> None:
    with unit_of_work(INSTALL) as uow:
        today = clock.local_date(clock.now())
        set_parameter(uow, "fail_retest", Decimal(0), valid_from=today, source="质量手册", reason="不采用")
    lock(team, made)
    assert not [one for one in run_checks(session, "verdicts") if one.violations]


@pytest.mark.parametrize(
    ("constraint", "changed"),
    [
        ("ck_result_retest_retest_was_tested", {"verdict": "untested"}),
        ("ck_result_retest_retest_is_given", {"entered_text": ""}),
        ("ck_result_retest_testers_retest", {"tested_role": "reviewer"}),
        ("fk_result_retest_set_item_id_version_item_result", {"version": 7}),
        ("fk_result_retest_tested_by", {"tested_by_id": "reviewer"}),
    ],
)
def test_raw_sql_cannot_make_up_a_retest(
    session: Session, team: Team, made: TestSet, constraint: str, changed: dict[str, object]
) -> None:
    line = failing_line(session, made)
    if changed.get("tested_by_id"):
        changed = {"tested_by_id": team.reviewer.person_id}
    values = {
        "id": line.id,
        "set_item_id": line.id,
        "sample_id": made.sample_id,
        "version": 1,
        "entered_text": "98",
        "used": {},
        "verdict": "fail",
        "tested_by_id": team.tester.person_id,
        "tested_role": "tester",
        "tested_at": clock.now(),
    } | changed
    with pytest.raises(IntegrityError, match=constraint):
        session.execute(sa.insert(ResultRetest.__table__).values(**values))


LINK = {"en": "Enter the retest", "zh_Hans_CN": "录入复测结果"}


@pytest.mark.parametrize("locale", LINK)
def test_the_bench_enters_the_retest_and_the_reviewer_sees_it(
    client: FlaskClient, session: Session, team: Team, made: TestSet, locale: str
) -> None:
    client.set_cookie(LOCALE_COOKIE, locale)
    word = LINK[locale]
    line = failing_line(session, made)
    page, form = f"/bench/{made.blind_code}", f"/bench/{made.blind_code}/retests/{line.id}"
    log_in(client, team.tester)
    assert word in client.get(page).text
    refused = client.post(form, data={"csrf_token": csrf_token(client, form), "text": "banana"})
    assert (refused.status_code, "banana" in refused.text) == (422, True)
    assert client.post(form, data={"csrf_token": csrf_token(client, form), "text": "98.1"}).status_code == 303
    shown = client.get(page).text
    assert "98.1" in shown
    assert word not in shown
    log_in(client, team.reviewer)
    assert "98.1" in client.get(f"/review/sets/{made.blind_code}").text


def test_programs_enter_a_retest(client: FlaskClient, session: Session, team: Team, made: TestSet) -> None:
    url = f"/api/v1/test-sets/{made.blind_code}/retests"
    body = {"line_id": str(failing_line(session, made).id), "text": "98"}
    answer = client.post(url, json=body, headers=bearer(team.tester))
    assert (answer.status_code, answer.json["verdict"], answer.json["version"]) == (201, "fail", 1)
    assert client.post(url, json=body, headers=bearer(team.tester)).status_code == 409


def test_what_passes_needs_no_retest(session: Session, team: Team) -> None:
    make_locked_set(team)
    assert session.scalar(sa.select(sa.func.count()).select_from(ResultRetest)) == 0


def test_retests_are_entered_together_or_not_at_all(session: Session, team: Team, made: TestSet) -> None:
    second = make_over(team, make_test_set(team))
    given = [Retest(one.blind_code, failing_line(session, one).id, "98") for one in (made, second)]
    spoilt = [Retest(one.blind_code, one.line_id, "banana") for one in given]
    with pytest.raises(EntriesRefusedError) as refused, unit_of_work(team.tester.actor) as uow:
        enter_retests(uow, [given[0], spoilt[1]])
    assert list(refused.value.problems) == [str(given[1].line_id)]
    assert count_fails(session, made.lab_id) == 2
    with unit_of_work(team.tester.actor) as uow:
        assert {one.verdict for one in enter_retests(uow, given)} == {ItemVerdict.FAIL}
    assert count_fails(session, made.lab_id) == 0
    lock(team, made)
    lock(team, second)


def test_the_fails_of_all_sets_are_retested_on_one_page(
    client: FlaskClient, session: Session, team: Team, made: TestSet
) -> None:
    second = make_over(team, make_test_set(team))
    first_id, second_id = (failing_line(session, one).id for one in (made, second))
    log_in(client, team.tester)
    assert "/bench/retests" in client.get("/bench/").text
    page = "/bench/retests"
    shown = client.get(page).text
    assert (made.blind_code in shown, second.blind_code in shown) == (True, True)
    token = csrf_token(client, page)
    typed = {f"retest-{first_id}": "97.5", f"retest-{second_id}": "banana"}
    refused = client.post(page, data={"csrf_token": token} | typed)
    assert (refused.status_code, "97.5" in refused.text, "“banana”" in refused.text) == (422, True, True)
    typed[f"retest-{second_id}"] = "未检出"
    assert client.post(page, data={"csrf_token": token} | typed).status_code == 303
    answer = client.post(page, data={"csrf_token": token} | typed)
    assert answer.status_code == 409  # both were entered a moment ago
    verdicts = {row.set_item_id: row.verdict for row in session.scalars(sa.select(ResultRetest))}
    assert verdicts == {first_id: ItemVerdict.FAIL, second_id: ItemVerdict.PASS}
    assert "/bench/retests" not in client.get("/bench/").text


def look(team: Team, text: str) -> Preview:
    with unit_of_work(team.tester.actor) as uow:
        return preview_file(uow, text.encode())


def test_a_file_brings_retests_of_results_that_stand_and_results_with_their_retests(
    session: Session, team: Team, made: TestSet
) -> None:
    item = next(one.item for one in list_lines(session, made.id) if one.line.id == failing_line(session, made).id)
    fresh = make_test_set(team)
    rows = f"{made.blind_code},{item.name_zh},99,98\n{fresh.blind_code},{item.name_zh},97,96\n"
    shown = look(team, "盲样编号,检验项目,检验结果,复测结果\n" + rows)
    assert [(row.verdict, row.retest_verdict) for row in shown.rows] == [
        (None, ItemVerdict.FAIL),  # the result stands already and is not entered twice
        (ItemVerdict.FAIL, ItemVerdict.FAIL),
    ]
    with unit_of_work(team.tester.actor) as uow:
        assert import_file(uow, shown.sha256) == 2
    texts = session.scalars(sa.select(ResultRetest.entered_text).order_by(ResultRetest.entered_text)).all()
    assert texts == ["96", "98"]
    assert count_fails(session, made.lab_id) == 0


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("98,97", "A result stands"),  # another result than the one that stands
        ("99,banana", "banana"),
        ("99,/", "A result stands"),  # what people write where nothing was tested again
        (",", "A result stands"),
    ],
)
def test_a_file_says_why_it_brings_no_retest(
    session: Session, team: Team, made: TestSet, cells: str, said: str
) -> None:
    item = next(one.item for one in list_lines(session, made.id) if one.line.id == failing_line(session, made).id)
    (row,) = look(team, f"code,item,result,retest\n{made.blind_code},{item.name_zh},{cells}\n").rows
    assert said in str(row.problem)


def test_a_file_of_retests_needs_a_fail_that_has_none(session: Session, team: Team, made: TestSet) -> None:
    lines = list_lines(session, made.id)
    over = failing_line(session, made).id
    failed = next(one.item for one in lines if one.line.id == over)
    passed = next(one.item for one in lines if one.result is not None and one.result.verdict is ItemVerdict.PASS)
    fresh = make_test_set(team)
    head = "code,item,retest\n"
    (row,) = look(team, f"{head}{made.blind_code},{passed.name_zh},1\n").rows
    assert "fails" in str(row.problem)
    (row,) = look(team, f"{head}{fresh.blind_code},{failed.name_zh},98\n").rows
    assert "no result" in str(row.problem)
    retest(team, made, failing_line(session, made), "98")
    (row,) = look(team, f"{head}{made.blind_code},{failed.name_zh},97\n").rows
    assert "already" in str(row.problem)


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "Retest of what was replaced"), ("zh_Hans_CN", "被替换结果的复测")]
)
def test_a_retest_that_did_not_bear_out_a_fail_is_shown_after_the_result_was_replaced(
    client: FlaskClient, session: Session, team: Team, made: TestSet, *, locale: str, words: str
) -> None:
    client.set_cookie(LOCALE_COOKIE, locale)
    line = failing_line(session, made)
    retest(team, made, line, "0.0004")
    with unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(line.id, "未检出", "首次进样被污染")])
    pages = {team.tester: f"/bench/{made.blind_code}", team.reviewer: f"/review/sets/{made.blind_code}"}
    for somebody, page in pages.items():
        log_in(client, somebody)
        shown = client.get(page).text
        assert (words in shown, "0.0004" in shown) == (True, True)
