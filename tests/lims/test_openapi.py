"""The description of the API: valid, complete, and true to what a fuzzer finds."""

import os
import re
from http import HTTPStatus

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.generation import GenerationMode

from lims.auth.permissions import Role
from tests.factories.citizen_votes import make_planner, make_round
from tests.factories.people import make_person
from tests.factories.sampling import make_business, make_sample, make_task, make_team
from tests.factories.web import bearer

DESCRIPTION = "/api/v1/openapi.json"
ANSWERS_WITHOUT_BODY = {"HEAD", "OPTIONS"}
EXAMPLES = 3  # of each operation in the suite; `-m soak` asks for more
SOAK_EXAMPLES = 300


@pytest.fixture
def description(client):
    return client.get(DESCRIPTION).json


def described(rule: str) -> str:
    """A Flask rule as OpenAPI writes it."""
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule)


def test_the_description_is_valid_openapi_3_1(session, description):
    assert description["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(description).iter_errors()) == []


def test_every_api_route_is_described_with_its_methods(app, session, description):
    served = {
        (described(rule.rule), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.rule != DESCRIPTION
        for method in rule.methods - ANSWERS_WITHOUT_BODY
    }
    told = {
        (path, method.upper())
        for path, operations in description["paths"].items()
        for method in operations
        if method in {"get", "post", "put", "patch", "delete"}
    }
    assert served == told


def test_every_operation_says_what_it_does_and_how_it_refuses(session, description):
    silent = [
        f"{method} {path}"
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if method != "parameters"
        and not (operation.get("summary") and any(str(status)[0] in "45d" for status in operation["responses"]))
    ]
    assert silent == []


def test_every_post_that_takes_a_body_describes_it(session, description):
    bodies = [
        operation["requestBody"]["content"]
        for operations in description["paths"].values()
        for method, operation in operations.items()
        if method == "post" and "requestBody" in operation
    ]
    assert bodies
    assert all("schema" in kind for body in bodies for kind in body.values())


@pytest.fixture
def world(session):
    """Headers of somebody who may do everything, and ids that exist, by the names of path parameters."""
    team = make_team()
    sample_id = make_sample(team)
    ids = {
        "sample_id": sample_id,
        "plan_id": team.plan_ids[0],
        "task_id": make_task(team),
        "business_id": make_business(team.regulator_id),
        "round_id": make_round(make_planner().actor),
        "organisation_id": team.regulator_id,
        "code": "report_issue",
    }
    return bearer(make_person(team.regulator_id, *Role)), {name: str(value) for name, value in ids.items()}


def fuzz(app: Flask, headers: dict[str, str], ids: dict[str, str], examples: int) -> list[str]:
    """Every operation asked with what its schema allows and with what it forbids; answers what broke."""
    broken: list[str] = []
    for found in schemathesis.openapi.from_wsgi(DESCRIPTION, app).get_all_operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                cases = found.ok().as_strategy(generation_mode=mode)
                _ask_all(cases, headers, ids, examples, broken)
            except Unsatisfiable:
                continue  # nothing can contradict a schema without a constraint
    return broken


def _ask_all(cases, headers, ids, examples, broken) -> None:
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, is_known=st.booleans())
    def ask(case, is_known):
        if is_known:
            case.path_parameters = {name: ids.get(name, value) for name, value in (case.path_parameters or {}).items()}
        answer = case.call(headers=headers)
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            broken.append(f"{case.method} {case.formatted_path} {case.query} {case.body!r}: {answer.status_code}")

    ask()


def test_no_request_that_a_fuzzer_makes_is_answered_with_a_fault(app, client, world):
    assert fuzz(app, *world, EXAMPLES) == []


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_request_is_answered_with_a_fault_however_long_a_fuzzer_goes_on(app, client, world):
    assert fuzz(app, *world, int(os.environ.get("LIMS_SOAK_EXAMPLES", SOAK_EXAMPLES))) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/rounds", b"{"),
        ("/api/v1/rounds", b"[]"),
        ("/api/v1/rounds", b'"text"'),
        ("/api/v1/rounds", b'{"title_zh": "\\ud800"}'),
        ("/api/v1/rounds", b"\xff\xfe"),
        ("/api/v1/rounds", b'{"title_zh": "' + b"x" * 100_000 + b'"}'),
    ],
)
def test_a_body_that_is_no_json_of_ours_is_a_problem(client, world, path, body):
    answer = client.post(path, data=body, headers=world[0] | {"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.content_type == "application/problem+json"
