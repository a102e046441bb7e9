"""The commands of a draw: freeze, commit, run and verify from files."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner

from lims.errors import InvalidInputError
from sampling.cli_draw import draw_group
from sampling.rules.draw import (
    commit,
)
from sampling.rules.draw_record import (
    verify_bytes,
    write_record,
)
from tests.factories.draws import CONTENT, RECORD, make_staff, reseal


def invoke(*arguments):
    return CliRunner().invoke(draw_group, [str(each) for each in arguments], env={"LIMS_LOCALE": "en"})


def test_a_draw_made_with_the_commands_verifies(tmp_path):
    frame, frozen, ceremony, plan, staff, record = (
        tmp_path / name for name in ("f.csv", "f.json", "c.json", "p.json", "s.json", "r.json")
    )
    frame.write_text("stratum,business_id,weight\n蔬菜,B1,1\n蔬菜,B2,3\n蔬菜,B3,\n", encoding="utf-8-sig")
    done = invoke("freeze", frame, "--output", frozen)
    root = done.stdout.strip()
    handed_in = [json.loads(invoke("commit", "D1", "--json").stdout) for _ in range(3)]
    closed = datetime.fromisoformat(json.loads(frozen.read_text())["frozen_at"])
    ceremony.write_text(
        json.dumps(
            {
                "draw_id": "D1",
                "plan": "11",
                "commitments_closed_at": closed.isoformat(),
                "parties": [
                    {
                        "name": f"party {i}",
                        "commitment": each["commitment"],
                        "committed_at": closed.isoformat(),
                        "reveal": each["secret"],
                    }
                    for i, each in enumerate(handed_in)
                ],
                "beacon": {
                    "source": "lottery",
                    "value": "7",
                    "fixed_at": (closed + timedelta(microseconds=1)).isoformat(),
                },
            }
        )
    )
    plan.write_text(json.dumps({"lines": [{"stratum": "蔬菜", "samples": 2, "parts": {}}]}))
    staff.write_text(
        json.dumps([{"person_id": m.person_id, "role": m.role, "conflicts": [], "strata": []} for m in make_staff()])
    )
    ran = invoke("run", frozen, "--ceremony", ceremony, "--plan", plan, "--staff", staff, "--output", record)
    assert ran.exit_code == 0
    drawn = json.loads(record.read_bytes())
    assert drawn["frame"]["root"] == root
    assert len(drawn["draws"][0]["drawn"]) == 2
    assert invoke("verify", record, "--digest", ran.stdout.strip()).exit_code == 0
    assert invoke("verify", record, "--digest", "0" * 64).exit_code == 1
    on_screen = invoke("run", frozen, "--ceremony", ceremony, "--plan", plan)
    assert verify_bytes(on_screen.stdout_bytes) == []

    keyed = {
        **json.loads(ceremony.read_text()),
        "frame": {"frozen_at": closed.isoformat(), "key": "0" * 64, "weight_bound": 3},
    }
    ceremony.write_text(json.dumps(keyed))
    from_csv = invoke("run", frame, "--ceremony", ceremony, "--plan", plan)
    assert verify_bytes(from_csv.stdout_bytes) == []


def test_verify_names_the_first_wrong_thing_and_ends_with_status_1(tmp_path):
    path = tmp_path / "r.json"
    path.write_bytes(write_record(reseal(replace(RECORD, seed="00" * 32))))
    outcome = invoke("verify", path)
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("seed: stated 0000")
    listed = json.loads(invoke("verify", path, "--json").stdout)
    assert listed["verified"] is False
    assert listed["problems"][0]["place"] == "seed"


def test_verify_says_that_a_right_record_is_right(tmp_path):
    path = tmp_path / "r.json"
    path.write_bytes(CONTENT)
    assert json.loads(invoke("verify", path, "--json").stdout) == {"verified": True, "problems": []}
    assert "verifies" in invoke("verify", path).stdout


def test_run_refuses_an_unfair_ceremony_with_status_1_and_a_bad_file_with_status_2(tmp_path):
    frame, ceremony, plan = (tmp_path / name for name in ("f.csv", "c.json", "p.json"))
    frame.write_text("stratum,business_id\na,b\n")
    plan.write_text('{"lines":[{"stratum":"a","samples":1}]}')
    act = {
        "draw_id": "D1",
        "plan": "11",
        "commitments_closed_at": "2026-11-20T09:00:00Z",
        "parties": [],
        "beacon": {"source": "x", "value": "y", "fixed_at": "2026-11-21T09:00:00Z"},
        "frame": {"frozen_at": "2026-11-19T09:00:00Z", "key": "0" * 64, "weight_bound": 3},
    }
    ceremony.write_text(json.dumps(act))
    refused = invoke("run", frame, "--ceremony", ceremony, "--plan", plan)
    assert refused.exit_code == 1
    assert "at least 3" in refused.stderr
    plan.write_text('{"lines":[{"stratum":"a"}]}')
    wrong = invoke("run", frame, "--ceremony", ceremony, "--plan", plan)
    assert wrong.exit_code == 2
    assert "lines[0]" in wrong.stderr
    frame.write_text("stratum,business_id,weight\na,b,heavy\n")
    assert invoke("run", frame, "--ceremony", ceremony, "--plan", plan).exit_code == 2
    del act["frame"]
    ceremony.write_text(json.dumps(act))
    assert invoke("run", frame, "--ceremony", ceremony, "--plan", plan).exit_code == 2
    frame.write_text("stratum\na\n")
    assert invoke("freeze", frame, "--output", tmp_path / "o.json").exit_code == 2
    assert invoke("commit", "a|b").exit_code == 2


def test_a_commitment_opens_to_its_secret_only():
    secret = json.loads(invoke("commit", "D1", "--json").stdout)
    assert commit("D1", secret["secret"]) == secret["commitment"]
    assert "secret (keep it)" in invoke("commit", "D1").stdout
    with pytest.raises(InvalidInputError):
        commit("D1", "short")
