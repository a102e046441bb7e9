"""Whose sample it is cannot be learned at the bench (I13): marked businesses, and a crawl for their marks.

Every text that a sampling form and a business can carry holds a word that stands nowhere else. A tester and a reviewer
then ask for every address there is, with every id and number of the samples, through pages and API, in both languages;
what comes back is searched for the words, papers and archives included; so are the log and what waits in the outbox.
"""

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from itertools import product
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from pypdf import PdfReader
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from chain_of_custody.models import Portion, Seal
from lims.actors import INSTALL
from lims.db import Base, db
from lims.outbox.models import OutboxMessage
from lims.uow import unit_of_work
from results.models import TestSet, TestSetItem
from results.queries import list_lines
from results.services.entry import enter_results
from results.services.review import return_results
from results.types import Entry, LimitState
from sampling.models import Business, Sample, SamplingForm, SamplingTask
from tests.factories.results import STATED, make_test_set
from tests.factories.sampling import Team, make_team
from tests.factories.web import bearer, csrf_token, log_in

FEW, NAMED = 3, 500
# What the bench may know of a form (product.md §5), and codes that are not anybody's own.
OPEN_TEXTS = {"label_claims", "storage_celsius", "quantity_unit", "region_code", "producer_region_code", "area_type"}
NOT_GIVEN = {"no_backup_reason", "payment_waived_reason"}  # there is a backup portion, and it was paid for
PRICES = {"unit_price": Decimal("7391.57"), "paid_amount": Decimal("8642.93")}
ENDS_THE_SESSION = {"lims.log_out"}
MANY = 1000  # answers that a crawl searches at least
MOST_NUMBERS = 40  # of the street that are tried as codes of the bench
MOST_VALUES = 8  # of one part of an address
BEGINNING = 4  # characters
KNOWN_TO_NOBODY = UUID(int=7)


@dataclass
class Marked:
    """The samples at the bench, what must not be seen of them, and everything that could stand in an address."""

    team: Team
    sets: list[TestSet] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    ids: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)  # of each blind code, by id


def texts_of(model: type[Base]) -> list[str]:
    """The columns of a table that a person writes words into."""
    columns = sa.inspect(model).column_attrs
    return [
        each.key for each in columns if type(each.columns[0].type) is sa.Text and each.key not in OPEN_TEXTS | NOT_GIVEN
    ]


def mark(number: int, place: int) -> str:
    """A word that stands nowhere else: long enough for no chance, short enough for every column."""
    return f"QXYJ{number:03d}雀{place:02d}K"


def mark_samples(count: int) -> Marked:
    """Samples that were recoded, some entered, one returned to the bench."""
    made = Marked(make_team())
    for number in range(count):
        marks = {name: mark(number, place) for place, name in enumerate(texts_of(SamplingForm))}
        made.sets.append(make_test_set(made.team, **marks | PRICES))
        made.secrets |= set(marks.values())
        _mark_business(made, number)
    made.secrets |= {str(price) for price in PRICES.values()}
    _work(made)
    _gather(made)
    return made


def _mark_business(made: Marked, number: int) -> None:
    with unit_of_work(INSTALL) as uow:
        sample = uow.session.get_one(Sample, made.sets[-1].sample_id)
        business = uow.session.get_one(Business, sample.business_id)
        for place, name in enumerate(texts_of(Business), start=80):
            setattr(business, name, mark(number, place))
            made.secrets.add(mark(number, place))


def _work(made: Marked) -> None:
    """The second set is entered, the third entered and returned; the first and the rest wait."""
    for test_set in made.sets[1:3]:
        with unit_of_work(made.team.tester.actor) as uow:
            entries = [
                Entry(one.line.id, STATED)
                if one.line.limit_state is LimitState.FOUND
                else Entry(one.line.id, "/", untested_reason="limit not loaded")
                for one in list_lines(uow.session, test_set.id)
            ]
            enter_results(uow, test_set.blind_code, entries)
    with unit_of_work(made.team.reviewer.actor) as uow:
        return_results(uow, made.sets[2].blind_code, "integrate again")


def _gather(made: Marked) -> None:
    """Ids and numbers, by the name that an address gives them; numbers of the street are secrets too."""
    ids = [one.sample_id for one in made.sets]
    with db.new_session() as session:
        samples = session.scalars(sa.select(Sample).where(Sample.id.in_(ids))).all()
        portions = session.scalars(sa.select(Portion).where(Portion.sample_id.in_(ids))).all()
        seals = session.scalars(sa.select(Seal.seal_no).where(Seal.sample_id.in_(ids))).all()
        tasks = session.scalars(sa.select(SamplingTask).where(SamplingTask.id.in_([one.task_id for one in samples])))
        lines = session.scalars(sa.select(TestSetItem).where(TestSetItem.sample_id.in_(ids))).all()
        codes = {one.id: one.blind_code for one in made.sets}
        for line in sorted(lines, key=lambda line: (line.test_set_id, line.position)):
            made.lines.setdefault(codes[line.test_set_id], []).append(str(line.id))
        street = [*(one.sampling_no for one in samples), *(one.portion_no for one in portions), *seals]
        made.ids = {
            "sample_id": [str(one) for one in ids],
            "business_id": [str(one.business_id) for one in samples],
            "plan_id": [str(one.plan_id) for one in samples],
            "task_id": [str(one.id) for one in tasks],
            "portion_id": [str(one.id) for one in portions],
            "line_id": [one for code in codes.values() for one in made.lines[code]],
            "code": [*(one.blind_code for one in made.sets), *street[:MOST_NUMBERS]],
        }
        made.secrets |= set(street)


def addresses(app: Flask, made: Marked) -> Iterator[tuple[str, str]]:
    """Endpoint and address of everything that can be asked for, with every known value in its place."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" in (rule.methods or ()) and rule.endpoint not in ENDS_THE_SESSION and rule.endpoint != "static":
            yield from ((rule.endpoint, path) for path in _filled(rule, made))
    for code, path in product(made.ids["code"], ("/bench/find", "/review/find", "/custody/find")):
        yield "find", f"{path}?code={quote(code)}"
    for test_set in made.sets:
        yield "search", f"/bench/?q={quote(test_set.blind_code)}"
    for number, path in product(range(len(made.sets)), ("/bench/", "/review/", "/samples/", "/plan/businesses")):
        yield "search", f"{path}?q={quote(mark(number, 0)[:-3])}"


def _filled(rule: Rule, made: Marked) -> Iterator[str]:
    parts = re.findall(r"<(?:([^:<>]+):)?([^<>]+)>", rule.rule)
    names = [name for _converter, name in parts]
    for values in product(*(_values(converter, name, made) for converter, name in parts)):
        if "line_id" in names and not _go_together(values[names.index("code")], values[names.index("line_id")], made):
            continue
        remaining = iter(values)
        yield re.sub(r"<[^<>]+>", lambda _found, given=remaining: next(given), rule.rule)


def _go_together(code: str, line_id: str, made: Marked) -> bool:
    """Every code with a line of its own set and with one of the first; the first codes with lines of all of theirs."""
    first = [one.blind_code for one in made.sets[:MOST_VALUES]]
    sets = first if code in first else [code, first[0]]
    return any(line_id in made.lines.get(one, [])[:1] for one in sets)


def _values(converter: str, name: str, made: Marked) -> list[str]:
    if converter.startswith("any("):
        return [one.strip("'\" ") for one in converter.removeprefix("any(").rstrip(")").split(",")]
    if name in made.ids:
        known = made.ids[name]
        return [quote(one) for one in (known if name in {"code", "line_id"} else known[:MOST_VALUES])]
    if converter == "uuid":  # an id of another kind in the place of any id
        return [made.ids["sample_id"][0], str(KNOWN_TO_NOBODY)]
    return ["1"] if converter == "int" else ["none"]


def words_of(answer: TestResponse) -> str:
    """Everything an answer tells: headers, and the body as a person or a program reads it."""
    body, kind = answer.get_data(), answer.content_type or ""
    text = "\n".join(f"{name}: {value}" for name, value in answer.headers)
    if kind.startswith("application/pdf"):
        return text + "".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    if body.startswith(b"PK"):
        archive = zipfile.ZipFile(io.BytesIO(body))
        return text + "".join(name + archive.read(name).decode("utf8", errors="replace") for name in archive.namelist())
    return text + body.decode("utf8", errors="replace")


class Search:
    """Finds every one of thirty thousand secrets in one pass over a text.

    They begin in some few ways: what stands where one of these begins is a secret if it is among them, in any of the
    lengths that secrets of this beginning have.
    """

    def __init__(self, secrets: set[str]) -> None:
        self.secrets = frozenset(secrets)
        self.lengths: dict[str, set[int]] = {}
        for secret in secrets:
            self.lengths.setdefault(secret[:BEGINNING], set()).add(len(secret))
        beginnings = "|".join(re.escape(one) for one in sorted(self.lengths))
        self.beginning = re.compile(f"(?=({beginnings}))")  # looks ahead: one secret may begin within another

    def told(self, words: str, asked: str) -> set[str]:
        """Which secrets an answer holds that were not in the question itself."""
        found = {
            secret
            for begun in self.beginning.finditer(words)
            for length in self.lengths[begun[1]]
            if (secret := words[begun.start() : begun.start() + length]) in self.secrets
        }
        return {secret for secret in found if secret not in asked and quote(secret) not in asked}


class Kept(logging.Handler):
    """Every line of the log as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.exc_info or ''}")


@pytest.fixture
def kept_log() -> Iterator[Kept]:
    root, kept = logging.getLogger(), Kept()
    level = root.level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    yield kept
    root.removeHandler(kept)
    root.setLevel(level)


def crawl(app: Flask, made: Marked) -> tuple[list[str], int]:
    """Where the bench met a secret, and how many answers were searched."""
    search, leaks, searched = Search(made.secrets), [], 0
    for somebody in (made.team.tester, made.team.reviewer):
        browser, headers = log_in(app.test_client(), somebody), bearer(somebody)
        for endpoint, path in addresses(app, made):
            is_api = path.startswith("/api/")
            client = app.test_client() if is_api else browser
            for language in ("zh-CN", "en"):
                answer = client.get(path, headers={"Accept-Language": language} | (headers if is_api else {}))
                searched += 1
                if found := search.told(words_of(answer), path):
                    leaks.append(f"{endpoint} {path}: {sorted(found)[:3]}")
                if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    leaks.append(f"{endpoint} {path}: {answer.status_code}")
                if answer.status_code != HTTPStatus.OK:
                    break  # a refusal says the same in every language
    return leaks, searched


def waiting_for_the_bench() -> list[str]:
    """What the background is asked to do while the samples are at the bench."""
    with db.new_session() as session:
        return [f"{one.task} {one.event_name} {one.payload}" for one in session.scalars(sa.select(OutboxMessage))]


def test_the_bench_finds_no_mark_of_a_business_wherever_it_asks(app, session, kept_log):
    made = mark_samples(FEW)
    leaks, searched = crawl(app, made)
    unasked, every = Search(made.secrets - _asked(made)), Search(made.secrets)
    leaks += [one for line in kept_log.lines for one in unasked.told(line, line.partition("?")[0])]
    leaks += [one for text in waiting_for_the_bench() for one in every.told(text, "")]
    assert (leaks, searched > MANY) == ([], True)


def _asked(made: Marked) -> set[str]:
    """Numbers that stand in the addresses the crawl asks for, and so in the log of requests."""
    return {one for one in made.secrets if one in made.ids["code"]}


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_the_bench_finds_no_mark_of_five_hundred_businesses(app, session):
    made = mark_samples(NAMED)
    leaks, searched = crawl(app, made)
    assert (leaks, searched > MANY) == ([], True)


def test_the_crawl_finds_what_a_custodian_may_see(app, session):
    """The same search over somebody who may know: were it blind itself, the tests above would prove nothing."""
    made = mark_samples(FEW)
    browser = log_in(app.test_client(), made.team.custodian)
    search, found = Search(made.secrets), set()
    for endpoint, path in addresses(app, made):
        if endpoint in {"samples.detail", "custody.portion"}:
            found |= search.told(words_of(browser.get(path)), path)
    names = {mark(0, texts_of(SamplingForm).index(name)) for name in ("party_name", "product_name")}
    assert names <= found


def test_a_label_of_the_street_is_an_unknown_code_at_the_bench(app, session):
    made = mark_samples(FEW)
    client = log_in(app.test_client(), made.team.tester)
    for label in (one for one in made.ids["code"] if one in made.secrets):
        answer = client.get(f"/bench/find?code={quote(label)}", follow_redirects=True)
        assert answer.status_code == HTTPStatus.NOT_FOUND


def test_a_refused_entry_names_the_code_and_nobody(app, session):
    made = mark_samples(FEW)
    client = log_in(app.test_client(), made.team.tester)
    code = made.sets[0].blind_code
    token = csrf_token(client, f"/bench/{code}")
    with db.new_session() as looked:
        lines = looked.scalars(sa.select(TestSetItem.id).where(TestSetItem.test_set_id == made.sets[0].id)).all()
    for text in ("banana", "<5<", "9" * 400, "\u202e12"):
        data = {"csrf_token": token} | {
            f"{name}-{line}": text for line in lines for name in ("text", "value", "result")
        }
        answer = client.post(f"/bench/{code}", data=data, follow_redirects=True)
        assert Search(made.secrets).told(words_of(answer), "") == set()


def test_a_file_of_results_for_street_numbers_is_matched_with_nothing(app, session):
    made = mark_samples(FEW)
    headers = bearer(made.team.tester) | {"Idempotency-Key": str(uuid4())}
    rows = "\n".join(f"{number},铅,0.01" for number in made.ids["code"] if number in made.secrets)
    client = log_in(app.test_client(), made.team.tester)
    token = csrf_token(client, "/bench/import/")
    upload = (io.BytesIO(f"样品编号,项目,结果\n{rows}\n".encode()), "results.csv")
    page = client.post("/bench/import/", data={"csrf_token": token, "file": upload}, follow_redirects=True)
    assert Search(made.secrets).told(words_of(page), rows) == set()
    answer = app.test_client().get(f"/api/v1/test-sets/{made.ids['code'][-1]}", headers=headers)
    assert answer.status_code == HTTPStatus.NOT_FOUND
