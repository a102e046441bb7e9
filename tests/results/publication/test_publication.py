"""What passes the gate, and that no public surface shows anything else."""

import csv
import io
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from lims.actors import INSTALL
from lims.db import db
from lims.outbox.tasks import run_periodic
from lims.people.services import accredit
from lims.uow import unit_of_work
from lims.verification import run_checks
from results.publication.models import Publication, PublicNotice
from results.publication.tables import COLUMNS, Form
from results.referral import services
from results.referral.types import ServiceWay
from sampling.models import Sample
from sampling.types import SampleState
from tests.factories import referral as cases
from tests.factories.sampling import make_team

LOCALES = pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])


@pytest.fixture
def team(session):
    made = make_team()
    give_cma(made)
    return made


def give_cma(team, **scope):
    with unit_of_work(INSTALL) as uow:
        accredit(
            uow,
            team.lab_id,
            scheme="CMA",
            certificate_no="1",
            scope="食品",
            valid_from=date(2026, 1, 1),
            valid_to=date(2026, 12, 31),
            **scope,
        )


def serve_pass(team, sample_id):
    with unit_of_work(cases.make_officer(team).actor) as uow:
        services.serve_passes(uow, cases.notices_of(sample_id), ServiceWay.POST, "1")


def published(session) -> set:
    session.expire_all()
    return set(session.scalars(sa.select(Publication.sample_id)))


def test_a_pass_appears_when_it_is_served_and_ends_there(session, team):
    sample_id = cases.make_passed_sample(team)
    run_periodic("results.publication.publish")
    assert published(session) == set()
    serve_pass(team, sample_id)
    for _repeat in range(2):
        run_periodic("results.publication.publish")
    assert published(session) == {sample_id}
    assert session.get_one(Sample, sample_id).state is SampleState.CLOSED
    assert session.scalar(sa.select(sa.func.count()).select_from(PublicNotice)) == 1


def test_a_fail_waits_until_its_recheck_period_is_over(session, team, frozen_clock):
    case = cases.make_case(team)
    cases.serve_all(case.officer, case.sample_id)
    frozen_clock.advance(timedelta(days=8))
    run_periodic("results.publication.publish")
    assert published(session) == set()
    frozen_clock.advance(timedelta(days=1))
    run_periodic("results.publication.publish")
    assert published(session) == {case.sample_id}
    assert all(finding.violations == 0 for finding in run_checks(session, "publication"))


@pytest.mark.parametrize("scope", [{"category_codes": ["1"]}, {"item_codes": ["nothing"]}, None])
def test_a_laboratory_without_scope_for_food_and_items_is_not_published(session, scope):
    team = make_team()
    if scope is not None:
        give_cma(team, **scope)
    serve_pass(team, cases.make_passed_sample(team))
    run_periodic("results.publication.publish")
    assert published(session) == set()


@LOCALES
def test_no_public_surface_tells_of_a_sample_before_its_gate_opens(client, session, team, locale):
    client.set_cookie("lims_locale", locale)
    hidden = cases.make_case(team, product_name="未公布的韭菜", party_name="未公布超市")
    shown = cases.make_passed_sample(team, product_name="已公布的韭菜", party_name="已公布超市")
    serve_pass(team, shown)
    run_periodic("results.publication.publish")
    session.expire_all()
    business = session.get_one(Sample, shown).business_id
    secret = session.get_one(Sample, hidden.sample_id).business_id
    surfaces = ("/results/", "/results/?q=韭菜", "/results/pass.csv", "/results/fail.csv", "/api/v1/public-results")
    for path in (*surfaces, f"/results/businesses/{business}", f"/results/samples/{shown}"):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "未公布" not in page.text, path
    assert "已公布的韭菜" in client.get("/results/").text
    assert client.get(f"/results/samples/{hidden.sample_id}").status_code == 404
    assert client.get(f"/results/businesses/{secret}").status_code == 404


def test_results_are_found_by_food_shop_and_outcome(client, session, team, frozen_clock):
    case = cases.make_case(team, product_name="山东大葱")
    cases.serve_all(case.officer, case.sample_id)
    serve_pass(team, cases.make_passed_sample(team, party_name="百姓超市"))
    frozen_clock.advance(timedelta(days=20))
    run_periodic("results.publication.publish")
    assert "山东大葱" in client.get("/results/?q=大葱").text
    assert "百姓超市" not in client.get("/results/?q=大葱").text
    assert "百姓超市" in client.get("/results/?q=百姓&verdict=pass").text
    assert "山东大葱" not in client.get("/results/?verdict=pass").text
    for odd in ("%", "_", "'", "x" * 200):
        assert client.get("/results/", query_string={"q": odd, "verdict": odd}).status_code == 200
    page = client.get(f"/results/samples/{case.sample_id}").text
    assert "GB 2762-2025" in page


def test_open_data_has_the_official_columns_in_their_order(client, session, team, frozen_clock):
    case = cases.make_case(team, producer_name="鲁北食品厂")
    cases.serve_all(case.officer, case.sample_id)
    serve_pass(team, cases.make_passed_sample(team))
    frozen_clock.advance(timedelta(days=20))
    run_periodic("results.publication.publish")
    for name, columns in (("pass", COLUMNS[Form.PASS]), ("fail", COLUMNS[Form.FAIL])):
        table = list(csv.reader(io.StringIO(client.get(f"/results/{name}.csv").data.decode("utf-8-sig"))))
        assert tuple(table[0]) == columns
        assert len(table) == 2
    row = dict(zip(COLUMNS[Form.FAIL], table[1], strict=True))
    assert row["不合格项目║检验结果║标准值"].split("║")[1:] == ["99mg/kg", "≤0.05mg/kg"]
    assert row["标称生产企业名称"] == "鲁北食品厂"
    (item,) = [one for one in client.get("/api/v1/public-results").json["items"] if one["verdict"] == "fail"]
    assert item["failed_items"][0]["limit"] == "≤0.05"


def test_a_published_failure_tells_what_was_done(client, session, team, frozen_clock):
    case = cases.make_acknowledged_case(team)
    cases.serve_all(case.officer, case.sample_id)
    frozen_clock.advance(timedelta(days=20))
    run_periodic("results.publication.publish")
    client.set_cookie("lims_locale", "en")
    path = f"/results/samples/{case.sample_id}"
    assert "Being handled" in client.get(path).text
    cases.submit_parts(case)
    with unit_of_work(case.officer.actor) as uow:
        services.close_branch(uow, case.branch_id)
    page = client.get(path).text
    assert "已下架并立案调查。" in page
    assert "Being handled" not in page


def test_a_publication_cannot_be_taken_back_by_the_application(session, team):
    serve_pass(team, cases.make_passed_sample(team))
    run_periodic("results.publication.publish")

    def erase() -> None:
        with session.begin_nested():
            session.execute(sa.text("DELETE FROM publication"))

    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        erase()


def test_a_cursor_pages_through_everything_once(client, session, team, monkeypatch):
    from results.publication import queries

    monkeypatch.setattr(queries, "PAGE", 2)
    made = [cases.make_passed_sample(team) for _ in range(5)]
    for sample_id in made:
        serve_pass(team, sample_id)
    run_periodic("results.publication.publish")
    with db.new_session() as reader:
        numbers = {reader.get_one(Sample, sample_id).sampling_no for sample_id in made}
    seen, after = [], None
    while True:
        page = client.get("/api/v1/public-results", query_string={"cursor": after} if after else {}).json
        seen += [item["sampling_no"] for item in page["items"]]
        after = page["next_cursor"]
        if after is None:
            break
    assert sorted(seen) == sorted(numbers)
