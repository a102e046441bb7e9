"""The conclusion of a recheck replaces the first one on every surface that showed it."""

import io
import json
import zipfile

import pytest

from lims.db import db
from lims.outbox.tasks import run_periodic
from lims.uow import unit_of_work
from results.queries import signed_report
from results.recheck import services
from tests.factories import recheck as rechecks
from tests.factories.web import bearer, log_in
from tests.results.publication.test_publication import give_cma


def concluded(text):
    """A published failure whose recheck found `text`."""
    lab = rechecks.make_lab()
    case = rechecks.make_served_case()
    give_cma(case.team)
    recheck_id = rechecks.make_received(case, lab)
    run_periodic("results.publication.publish")
    (line,) = rechecks.failed_lines(case)
    with unit_of_work(lab.tester.actor) as uow:
        services.enter_recheck_results(uow, recheck_id, {line: text})
    with unit_of_work(lab.signatory.actor) as uow:
        services.conclude_recheck(uow, recheck_id, "FJBG-7", b"%PDF-1.7 recheck")
    return case, recheck_id


@pytest.mark.parametrize(
    ("text", "verdict", "standing", "checked"),
    [
        ("0.010", "pass", "withdrawn", "This report was withdrawn"),
        ("77", "fail", "current", "A recheck confirmed this report"),
    ],
)
def test_every_surface_tells_the_conclusion_of_the_recheck(client, session, text, verdict, standing, checked):  # noqa: PLR0917 - one walk
    case, recheck_id = concluded(text)
    client.set_cookie("lims_locale", "en")
    with db.new_session() as fresh:
        signed = signed_report(fresh, case.sample_id)
    assert signed is not None
    report, _conclusion = signed

    check = client.get(f"/check/{report.check_code}").text
    assert checked in check
    assert "FJBG-7" in check
    told = client.get(f"/api/v1/checks/{report.check_code}").json
    assert (told["standing"], told["later"]["report_no"]) == (standing, "FJBG-7")

    public = client.get(f"/results/samples/{case.sample_id}").text
    assert f"Recheck: {text}" in public
    assert "its conclusion is final" in public
    item = client.get("/api/v1/public-results").json["items"][0]
    assert (item["verdict"], item["recheck_verdict"], item["is_rechecked_now"]) == (verdict, verdict, False)
    table = client.get(f"/results/{verdict}.csv").data.decode("utf-8-sig")
    other = client.get(f"/results/{'fail' if verdict == 'pass' else 'pass'}.csv").data.decode("utf-8-sig")
    assert item["sampling_no"] in table
    assert item["sampling_no"] not in other
    assert ("复检结果：77" in table) == (verdict == "fail")
    assert "复检中" not in table

    log_in(client, case.officer)
    page = client.get(f"/cases/{case.referral_id}").text
    assert "FJBG-7" in page
    assert ("Withdrawn after a recheck" in page) == (verdict == "pass")
    on_sample = client.get(f"/samples/{case.sample_id}").text
    assert "FJBG-7" in on_sample
    assert f"/rechecks/{recheck_id}" in on_sample
    package = zipfile.ZipFile(io.BytesIO(client.get(f"/cases/{case.referral_id}/evidence.zip").data))
    (facts,) = (name for name in package.namelist() if name.startswith("rechecks/") and name.endswith(".json"))
    papers = json.loads(package.read(facts))
    assert (papers["conclusion"]["verdict"], papers["results"][0]["entered_text"]) == (verdict, text)
    assert package.read(facts.replace(".json", "-report.pdf")) == b"%PDF-1.7 recheck"
    assert facts.replace(".json", "-seal.png") in package.namelist()

    log_in(client, case.team.signatory)
    assert "FJBG-7" in client.get(f"/review/reports/{report.id}").text
    shown = client.get(f"/api/v1/samples/{case.sample_id}", headers=bearer(case.officer)).json
    assert shown["verdict"] == verdict
