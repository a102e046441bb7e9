"""One sample from the public's pick to a closed case, by programs alone: each as the person whose token it carries."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from citizen_votes.rules.proof_of_work import solve
from lims import clock
from lims.outbox.tasks import drain, run_periodic
from results.referral.types import HandlingPart
from sampling.rules.draw import commit
from tests.factories.people import PASSWORD, Somebody
from tests.factories.referral import COMPLETE
from tests.factories.sampling import LEEK, VEGETABLES
from tests.factories.web import bearer
from tests.walk.forms import form_pictures, leek_form
from tests.walk.people import FRIDAY, REPORT_DUE, County, settle

STRATUM = f"{LEEK}@supermarket"


@dataclass
class Program:
    """A program that acts as one person, or as the public."""

    client: FlaskClient
    headers: dict[str, str]

    def get(self, path: str, **query: str) -> Any:
        """What the address gives; anything but 200 fails the walk."""
        answered = self.client.get(f"/api/v1{path}", query_string=query, headers=self.headers)
        assert answered.status_code == 200, answered.get_data(as_text=True)
        return answered.json

    def post(self, path: str, body: Any = None, *, status: int = 201) -> Any:
        """Act once; anything but the expected status fails the walk."""
        headers = self.headers | ({"Idempotency-Key": secrets.token_hex(16)} if self.headers else {})
        answered = self.client.post(f"/api/v1{path}", json=body, headers=headers)
        assert answered.status_code == status, answered.get_data(as_text=True)
        return answered.json


class Walk:
    """The programs of everybody, and the hands of the clock."""

    def __init__(self, client: FlaskClient, clock_: clock.SimulatedClock) -> None:
        self.county: County = settle()
        self.team = self.county.team
        self._client, self._clock = client, clock_
        self._programs: dict[tuple[str, date], Program] = {}
        self.public = Program(client, {})

    def as_(self, somebody: Somebody) -> Program:
        """A program with a token of this person, which lives for a day."""
        today = clock.local_date(clock.now())
        if (somebody.username, today) not in self._programs:
            self._programs[somebody.username, today] = Program(self._client, bearer(somebody))
        return self._programs[somebody.username, today]

    def move_to(self, day: Any, hour: int = 9) -> None:
        """Let it be this hour of a day in Shanghai."""
        self._clock.move_to(datetime.combine(day, time(hour), clock.LOCAL_ZONE))

    def later(self, **span: int) -> None:
        """Let time pass."""
        self._clock.move_to(self._clock.now() + timedelta(**span))


@pytest.fixture
def walk(client: FlaskClient, session: Session, frozen_clock: clock.SimulatedClock) -> Walk:
    return Walk(client, frozen_clock)


def pick(walk: Walk) -> tuple[str, str]:
    """A round is opened, a phone votes, the round is counted; its id and the receipt."""
    lead, now = walk.team.planner, clock.now()
    planner = walk.as_(lead)
    made = planner.post(
        "/rounds",
        {
            "title_zh": "九月百姓点检日",
            "title_en": "Public picks, September",
            "opens_at": now.isoformat(),
            "closes_at": (now + timedelta(days=3)).isoformat(),
            "options": [
                {"food_category_code": VEGETABLES, "place_kind": "supermarket"},
                {"food_category_code": LEEK, "place_kind": "supermarket"},
            ],
        },
    )
    planner.post(f"/rounds/{made['id']}/open")
    challenge = walk.public.post(f"/rounds/{made['id']}/challenges")["challenge"]
    ballot = {
        "choices": [STRATUM],
        "nonce": secrets.token_hex(32),
        "device_token": secrets.token_hex(32),
        "challenge": challenge,
        "proof": solve(challenge),
    }
    receipt = walk.public.post(f"/rounds/{made['id']}/ballots", ballot)["receipt"]
    walk.later(minutes=10)
    again = walk.public.post(f"/rounds/{made['id']}/challenges")["challenge"]
    second = ballot | {"challenge": again, "proof": solve(again), "nonce": secrets.token_hex(32)}
    walk.public.post(f"/rounds/{made['id']}/ballots", second, status=409)
    walk.later(days=3)
    planner = walk.as_(lead)
    planner.post(f"/rounds/{made['id']}/close")
    planner.post(f"/rounds/{made['id']}/count")
    tally = walk.public.get(f"/rounds/{made['id']}/tally")
    assert {line["stratum"]: line["approvals"] for line in tally["lines"]}[STRATUM] == 1
    return made["id"], receipt


def plan_and_draw(walk: Walk, round_id: str) -> str:
    """A plan from a statutory line and the tally, approved by a second person, drawn; the task's id."""
    planner, team = walk.as_(walk.team.planner), walk.team
    for number in range(1, 5):
        planner.post(
            "/businesses",
            {
                "name": f"清河县第{number}超市",
                "address": f"清河县人民路{number}号",
                "region_code": "371402",
                "area_type": "urban",
                "place_kind": "supermarket",
                "regulator_id": str(team.regulator_id),
                "food_category_codes": [LEEK],
            },
        )
    plan = planner.post(
        "/plans",
        {
            "title_zh": "2026年九月点检抽检计划",
            "title_en": "Picks of September 2026",
            "year": 2026,
            "kind": "public_pick",
            "task_category": "supervision",
            "report_class_a": "抽检监测（县级本级）",
            "report_class_b": "2026年点检计划",
            "budget": 1,
            "seed": "walk",
            "pick_round_id": round_id,
        },
    )
    where = f"/plans/{plan['id']}"
    planner.post(
        f"{where}/categories",
        {
            "category_code": VEGETABLES,
            "mode": "external",
            "sampling_organisation_id": str(team.sampling_organisation_id),
            "lab_id": str(team.lab_id),
        },
    )
    strata = [{"food_category_code": LEEK, "place_kind": "supermarket", "population": 4, "statutory": 1}]
    [line] = planner.post(f"{where}/lines", {"strata": strata})["items"]
    assert line["samples"] == sum(line["parts"].values()) == 1
    planner.post(f"{where}/approval", status=409)  # whoever computed a plan does not approve it
    walk.as_(walk.county.approver).post(f"{where}/approval")
    ceremony = planner.post(f"{where}/draw/ceremony", {"beacon_source": "福彩双色球 2026-09-17"})
    parties = {name: secrets.token_hex(32) for name in ("bureau", "market", "citizen")}
    for name, secret in parties.items():
        commitment = commit(ceremony["draw_name"], secret)
        planner.post(f"{where}/draw/commitments", {"party": name, "commitment": commitment})
    planner.post(f"{where}/draw/freeze")
    for name, secret in parties.items():
        planner.post(f"{where}/draw/secrets", {"party": name, "secret": secret})
    walk.later(hours=1)
    value = {"beacon_value": "03 07 11 19 22 31 + 08", "fixed_at": clock.now().isoformat()}
    walk.later(minutes=1)
    planner.post(f"{where}/draw", value | {"days": [FRIDAY.isoformat()]})
    [task] = planner.get(f"{where}/tasks")["items"]
    return str(task["id"])


def take(walk: Walk, task_id: str) -> dict[str, Any]:
    """The drawn sampler submits the form, seals and hands over; the laboratory receives and recodes."""
    by_id = {str(sampler.person_id): sampler for sampler in walk.team.samplers}
    [stop] = walk.as_(walk.team.samplers[0]).get("/tasks", until=FRIDAY.isoformat())["items"]
    sampler = walk.as_(by_id[stop["task"]["first_sampler_id"]])
    form = leek_form() | {"party_name": stop["business_name"], "party_address": stop["business_address"]}
    pictures = form_pictures()
    refused = sampler.post(f"/tasks/{task_id}/form", pictures | {"form": form | {"lot_size": "2"}}, status=422)
    assert "lot_size" in refused["errors"]
    sample = sampler.post(f"/tasks/{task_id}/form", pictures | {"form": form})
    seals = {"test_seal_no": "QH0000001", "backup_seal_no": "QH0000002"}
    numbers = [one["portion_no"] for one in sampler.post(f"/samples/{sample['id']}/seals", seals)["portions"]]
    walk.move_to(FRIDAY, 16)
    offer = sampler.post("/hand-overs", {"portion_nos": numbers, "to_organisation_id": str(walk.team.lab_id)})
    custodian = walk.as_(walk.team.custodian)
    scans = [{"portion_no": number, "seal_intact": True} for number in numbers]
    assert custodian.post(f"/hand-overs/{offer['id']}/confirmation", {"scans": scans})["state"] == "confirmed"
    checks = ("seal_intact", "packaging_intact", "quantity_sufficient", "condition_normal", "papers_complete")
    custodian.post(f"/samples/{sample['id']}/reception", dict.fromkeys((*checks, "papers_match", "accepted"), True))
    code = custodian.post(f"/samples/{sample['id']}/blind-code", {"blindness": "repacked"})
    return sample | {"blind_code": code["code"], "first_sampler": stop["task"]["first_sampler_id"]}


def bench_and_signature(walk: Walk, sample: dict[str, Any]) -> dict[str, Any]:
    """Two weeks later: results entered blind, locked, composed, signed by a third person; the conclusion."""
    code, team = sample["blind_code"], walk.team
    walk.move_to(date(2026, 10, 10))
    tester = walk.as_(team.tester)
    worklist = tester.post(f"/test-sets/{code}/take")
    assert "惠民" not in str(worklist)
    assert sample["sampling_no"] not in str(worklist)
    entries = [{"line_id": line["id"], "text": finding_for(line)} for line in worklist["lines"]]
    entered = tester.post(f"/test-sets/{code}/results", {"entries": entries})
    verdicts = {line["item_zh"]: line["result"]["verdict"] for line in entered["lines"]}
    assert verdicts["腐霉利"] == "fail"
    taken_by = next(one for one in team.samplers if str(one.person_id) == sample["first_sampler"])
    walk.as_(taken_by).post(f"/test-sets/{code}/take", status=403)
    walk.as_(team.reviewer).post(f"/test-sets/{code}/lock", status=409)  # a fail is measured a second time
    for line in entered["lines"]:
        if line["result"]["verdict"] == "fail":
            again = {"line_id": line["id"], "text": line["result"]["entered_text"]}
            assert tester.post(f"/test-sets/{code}/retests", again)["verdict"] == "fail"
    walk.as_(team.reviewer).post(f"/test-sets/{code}/lock")
    signatory = walk.as_(team.signatory)
    report = signatory.post("/reports", {"blind_code": code})
    assert report["verdict"] == "fail"
    signature = {"pdf_sha256": report["pdf_sha256"], "password": PASSWORD}
    signatory.post(f"/reports/{report['id']}/signature", signature | {"password": "not this one"}, status=401)
    signatory.post(f"/reports/{report['id']}/signature", signature | {"pdf_sha256": "0" * 64}, status=409)
    conclusion = signatory.post(f"/reports/{report['id']}/signature", signature)
    checked = walk.public.get(f"/checks/{report['check_code']}")
    assert (checked["standing"], checked["pdf_sha256"]) == ("current", report["pdf_sha256"])
    return dict(conclusion)


def finding_for(line: dict[str, Any]) -> str:
    """Procymidone far over its limit of 5 mg/kg, everything else not found."""
    return "7.31" if line["item_zh"] == "腐霉利" else "未检出"


def handle(walk: Walk, conclusion: dict[str, Any]) -> None:
    """The officer acknowledges, serves the notices, files every part, closes."""
    enforcer = walk.as_(walk.county.enforcer)
    case = enforcer.get(f"/referrals/{conclusion['referral_id']}")
    assert [item["name_zh"] for item in case["failed_items"]] == ["腐霉利"]
    assert case["sample_id"] == conclusion["sample_id"]
    [branch] = case["branches"]
    assert branch["state"] == "open"
    enforcer.post(f"/branches/{branch['id']}/acknowledgement")
    today = clock.local_date(clock.now()).isoformat()
    for notice in enforcer.get("/notices")["items"]:
        proof = {"way": "direct", "served_on": today, "receiver": "王芳", "proof_text": "当面签收"}
        enforcer.post(f"/notices/{notice['id']}/service", proof)
    for part in (
        HandlingPart.PENALTY,
        HandlingPart.DISCLOSURE,
    ):  # product control starts at once; what cannot be taken back waits for the recheck period
        enforcer.post(f"/branches/{branch['id']}/parts/{part}", {"facts": COMPLETE[part], "submit": True}, status=409)
    walk.move_to(date(2026, 10, 22))
    enforcer = walk.as_(walk.county.enforcer)
    for part, facts in COMPLETE.items():
        enforcer.post(f"/branches/{branch['id']}/parts/{part.value}", {"facts": facts, "submit": True})
    assert enforcer.post(f"/branches/{branch['id']}/closing")["state"] == "closed"
    assert enforcer.get(f"/referrals/{conclusion['referral_id']}")["closed_at"]


def look_up(walk: Walk, receipt: str, sampling_no: str) -> None:
    """The gate has opened: the result is public, and the picker learns what became of the pick."""
    assert walk.public.get("/public-results")["items"] == []
    run_periodic("results.publication.publish")
    [published] = walk.public.get("/public-results")["items"]
    assert (published["sampling_no"], published["verdict"]) == (sampling_no, "fail")
    assert [item["name_zh"] for item in published["failed_items"]] == ["腐霉利"]
    found = walk.public.get(f"/rounds/receipts/{receipt}")
    assert found["choices"] == [STRATUM]
    [fate] = found["outcomes"]
    assert fate == {"stratum": STRATUM, "planned": 1, "sampled": 1, "published": 1, "failed": 1, "handled": 1}


def test_a_failed_sample_walks_from_a_pick_to_a_closed_case_by_api_alone(walk: Walk):
    round_id, receipt = pick(walk)
    walk.move_to(FRIDAY - timedelta(days=1))
    task_id = plan_and_draw(walk, round_id)
    walk.move_to(FRIDAY)
    sample = take(walk, task_id)
    due = walk.as_(walk.team.tester).get("/catalog/deadlines", code="report_issue", started_at=clock.now().isoformat())
    assert due["on"] == REPORT_DUE.isoformat()
    conclusion = bench_and_signature(walk, sample)
    walk.move_to(date(2026, 10, 12))
    drain()
    handle(walk, conclusion)
    look_up(walk, receipt, sample["sampling_no"])
