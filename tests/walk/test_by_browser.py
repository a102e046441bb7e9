"""One sample from the public's pick to a closed case, in Chinese, in a real browser, as each of its people."""

import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, Page

from lims import clock
from lims.catalog.load import category_id
from lims.outbox.tasks import run_periodic
from sampling.rules.draw import commit
from tests.browser import LiveServer, log_in, watched_page
from tests.factories.people import PASSWORD, Somebody
from tests.factories.pictures import jpeg
from tests.factories.referral import COMPLETE
from tests.factories.sampling import LEEK, VEGETABLES, make_business
from tests.walk.people import FRIDAY, County, settle

CATALOGUES = Path(__file__).parents[2] / "lims" / "translations" / "zh_CN"
PHONE = {"width": 390, "height": 844}
TABLET = {"width": 820, "height": 1180}
MONDAY = date(2026, 9, 14)
SIGNERS = ("first_sampler", "second_sampler", "accompanying_officer", "sampled_party")
PARTIES = ("市场监督管理局", "市场开办者", "市民代表")


class Hand:
    """A person at a screen: the page of one browser, in Chinese."""

    def __init__(self, page: Page, server: LiveServer) -> None:
        self.page, self._server = page, server

    def open(self, path: str) -> None:
        """Go to an address of the installation."""
        answer = self.page.goto(f"{self._server.url}{path}")
        assert answer is not None
        assert answer.status == 200, (path, answer.status)

    def follow(self, words: str) -> None:
        """Click a link by its words."""
        self.page.locator("main").get_by_role("link", name=ZH[words], exact=True).first.click()
        self.page.wait_for_load_state()

    def press(self, words: str) -> None:
        """Press a button by its words, and say yes where the page asks whether one is sure."""
        button = self.page.locator("main").get_by_role("button", name=ZH[words], exact=True).first
        asks = button.evaluate("one => Boolean(one.form && one.form.dataset.confirm)")
        with self.page.expect_navigation():
            button.click()
            if asks:
                self.page.locator("dialog[open] [data-confirm-yes]").click()
        refused = self.page.locator(".alert--bad")
        wrong = self.page.locator("[aria-invalid=true]").evaluate_all("all => all.map(one => [one.name, one.title])")
        assert not refused.count(), (refused.first.inner_text(), wrong)

    def answer(self, name: str, value: str) -> None:
        """Answer one question of a form, whatever kind of field it is."""
        field = self.page.locator(f"[name='{name}']").first
        if field.get_attribute("type") in {"radio", "checkbox"}:
            for one in value.split(","):
                self.choose(**{name: one})
        else:
            self.fill(**{name: value})

    @property
    def path(self) -> str:
        """The address of the page without the server's name."""
        return urlsplit(self.page.url).path

    def fill(self, **values: str) -> None:
        """Type into fields by their names, choose in lists."""
        for name, value in values.items():
            field = self.page.locator(f"[name='{name}']").first
            if field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def choose(self, **values: str) -> None:
        """Tick one of several, by the name of the field and its value."""
        for name, value in values.items():
            self.page.locator(f"input[name='{name}'][value='{value}']").first.check(force=True)

    def sign(self, name: str) -> None:
        """Draw a signature with the finger."""
        pad = self.page.locator("[data-signature]", has=self.page.locator(f"[name={name}]")).locator("canvas")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        assert box is not None
        mouse = self.page.mouse
        mouse.move(box["x"] + 30, box["y"] + 40)
        mouse.down()
        for step in range(1, 6):
            mouse.move(box["x"] + 30 + 25 * step, box["y"] + 40 + 18 * (step % 2))
        mouse.up()

    @property
    def text(self) -> str:
        """What the page says."""
        return self.page.locator("main").inner_text()


class Walk:
    """Everybody's browsers, and the hands of the clock."""

    def __init__(self, browser: Browser, server: LiveServer, ticking: clock.SimulatedClock, stack: ExitStack) -> None:
        self.server, self._browser, self._ticking, self._stack = server, browser, ticking, stack
        self.county: County = settle()
        self.team = self.county.team
        self._hands: dict[str, Hand] = {}

    def citizen(self) -> Hand:
        """Somebody with a phone."""
        return self._hand("citizen", PHONE)

    def as_(self, somebody: Somebody, size: dict[str, int] | None = None) -> Hand:
        """A person logged in at their own machine."""
        if somebody.username not in self._hands:
            hand = self._hand(somebody.username, size)
            log_in(hand.page, self.server, somebody.username, PASSWORD)
        return self._hands[somebody.username]

    def _hand(self, key: str, size: dict[str, int] | None) -> Hand:
        if key not in self._hands:
            options = {"locale": "zh-CN"} | ({"viewport": size} if size else {})
            page = self._stack.enter_context(watched_page(self._browser, **options))
            self._hands[key] = Hand(page, self.server)
        return self._hands[key]

    def later(self, **span: int) -> None:
        """Let time pass."""
        self._ticking.move_to(self._ticking.now() + timedelta(**span))

    def move_to(self, day: date, hour: int = 9) -> None:
        """Let it be this hour of a day in Shanghai; everybody logs in anew in the morning."""
        self._ticking.move_to(datetime.combine(day, time(hour), clock.LOCAL_ZONE))
        for key in [key for key in self._hands if key != "citizen"]:
            del self._hands[key]


@pytest.fixture
def walk(browser: Browser, live_server: LiveServer, frozen_clock: clock.SimulatedClock) -> Iterator[Walk]:
    with ExitStack() as stack:
        yield Walk(browser, live_server, frozen_clock, stack)


def chinese() -> dict[str, str]:
    """What the pages say in Chinese for what the code says in English."""
    words = {}
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as text:
            words |= {one.id: one.string for one in read_po(text, locale="zh_CN") if isinstance(one.id, str)}
    return words


ZH = chinese()


def local(day: date, hour: int, minute: int = 0) -> str:
    return f"{day.isoformat()}T{hour:02d}:{minute:02d}"


def number_in(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[0]


def pick(walk: Walk) -> str:
    """The planner opens a round, a citizen votes on a phone, the planner counts; the receipt."""
    planner = walk.as_(walk.team.planner)
    planner.open("/plan/rounds/new")
    planner.fill(title_zh="九月百姓点检日", title_en="Public picks, September")
    planner.fill(opens_at=local(MONDAY, 9), closes_at=local(MONDAY + timedelta(days=2), 18))
    planner.choose(foods=VEGETABLES)
    planner.choose(places="supermarket")
    planner.press("Save as draft")
    planner.press("Open the round")
    citizen = walk.citizen()
    citizen.open("/")
    citizen.follow("Pick foods now")
    citizen.page.locator("input[name=choices]").first.check(force=True)
    citizen.press("Send my picks")
    citizen.page.wait_for_url(re.compile("/thanks/"), timeout=60_000)
    receipt = number_in(citizen.text, r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]")
    planner.page.reload()
    planner.press("Close the round")
    planner.press("Count")
    return receipt


def plan(walk: Walk) -> str:
    """A plan from a statutory line and the picks, approved by a second planner; its address."""
    team = walk.team
    planner = walk.as_(team.planner)
    planner.open("/plan/new")
    planner.fill(title_zh="2026年九月点检抽检计划", title_en="Picks of September 2026", budget="1")
    planner.fill(report_class_a="抽检监测（县级本级）", report_class_b="2026年点检计划", kind="public_pick")
    planner.page.locator("[name=pick_round_id]").select_option(index=1)
    planner.press("Begin the plan")
    address = planner.path
    planner.open(f"{address}/category")
    planner.fill(category_id=str(category_id(VEGETABLES)), lab_id=str(team.lab_id))
    planner.fill(sampling_organisation_id=str(team.sampling_organisation_id))
    planner.choose(mode="external")
    planner.press("Set")
    planner.open(f"{address}/lines")
    planner.fill(**{"lines-0-food": LEEK, "lines-0-place_kind": "supermarket", "lines-0-statutory": "1"})
    planner.press("Compute")
    approver = walk.as_(walk.county.approver)
    approver.open(address)
    approver.press("Approve")
    return address


def draw(walk: Walk, address: str) -> None:
    """Three parties commit, the frame is frozen, the secrets and the lottery make the seed."""
    planner = walk.as_(walk.team.planner)
    planner.open(f"{address}/draw")
    planner.fill(beacon_source="福彩双色球 9月17日")
    planner.press("Prepare")
    name = number_in(planner.text, r"D2026-\d{3}")
    secret_of = {party: secrets.token_hex(32) for party in PARTIES}
    for party, secret in secret_of.items():
        planner.fill(party=party, commitment=commit(name, secret))
        planner.press("Log the commitment")
    planner.press("Close, and freeze the frame")
    for party, secret in secret_of.items():
        planner.fill(party=party, secret=secret)
        planner.press("Check and open")
    walk.later(minutes=2)
    day = FRIDAY.isoformat()
    planner.fill(beacon_value="03 07 11 19 22 31 + 08", first_day=day, last_day=day)
    planner.fill(fixed_at=f"{clock.local_time(clock.now() - timedelta(minutes=1)):%Y-%m-%dT%H:%M}")
    planner.press("Draw now")
    assert number_in(planner.text, r"[0-9a-f]{64}")


def take(walk: Walk, photo: Path) -> str:
    """The stop, the form with photo and signatures, the seals, the hand-over; the sampling number."""
    sampler = walk.as_(walk.team.samplers[0], TABLET)
    sampler.open("/field/")
    sampler.follow("Go there")
    sampler.follow("Fill in the sampling form")
    sampler.choose(packaging="bulk", date_kind="purchased", physical_form="solid")
    sampler.fill(product_name="韭菜", product_type="produce", source="purchased", product_date="2026-09-17")
    sampler.fill(container="plastic_bag", storage_condition="ambient", quantity_unit="kg")
    sampler.fill(sampled_qty="3.0", backup_qty="1.0", lot_size="20", paid_amount="25.60")
    sampler.fill(supplier_name="清河蔬菜批发行", place_of_origin="山东省德州市清河县", site_check="现场检查未见异常")
    sampler.page.locator("[name=photo_place]").set_input_files(photo)
    for signer in SIGNERS:
        sampler.sign(f"signature_{signer}")
    sampler.press("Submit the sampling form")
    number = number_in(sampler.text, r"XBJ\d{17}")
    sampler.follow("Seal the portions")
    sampler.fill(test_seal_no="QH0000001", backup_seal_no="QH0000002")
    sampler.press("Sealed")
    sampler.follow("Hand over")
    for box in sampler.page.locator("[name=portion_nos]").all():
        box.check(force=True)
    sampler.press("Hand over")
    return number


def receive(walk: Walk, number: str) -> str:
    """The custodian scans and takes over, checks, gives the blind code; the code."""
    custodian = walk.as_(walk.team.custodian)
    custodian.open("/custody/")
    custodian.follow("Take over")
    for box in custodian.page.locator("input[type=radio][value=intact]").all():
        box.check(force=True)
    custodian.press("Take over")
    custodian.open("/custody/")
    custodian.follow("Check")
    for check in ("seal_intact", "packaging_intact", "quantity_sufficient", "condition_normal"):
        custodian.choose(**{check: "good"})
    custodian.choose(papers_complete="good", papers_match="good", decision="accept")
    assert number in custodian.text
    custodian.press("Write down")
    custodian.choose(blindness="repacked")
    custodian.press("Give the blind code")
    return number_in(custodian.text, r"\b[2-9A-HJ-NP-Z]{8}\b")


def bench_and_signature(walk: Walk, code: str, number: str) -> None:
    """Entered blind from the keyboard, locked, composed, signed: three persons."""
    tester = walk.as_(walk.team.tester)
    tester.open(f"/bench/{code}")
    assert number not in tester.page.content()
    tester.press("Take this set")
    for row in tester.page.locator("tbody tr").all():
        field = row.locator("input[name^=result-]")
        if field.count():
            field.press_sequentially("7.31" if "腐霉利" in row.inner_text() else "未检出")
    tester.press("Save and judge")
    if tester.page.get_by_role("button", name=ZH["Mark all of them as not tested"]).count():
        tester.press("Mark all of them as not tested")
    tester.open("/bench/retests")  # a fail is measured a second time before it is locked
    tester.page.locator("input[name^=retest-]").press_sequentially("7.18")
    tester.press("Save and judge")
    reviewer = walk.as_(walk.team.reviewer)
    reviewer.open(f"/review/sets/{code}")
    assert number not in reviewer.page.content()
    reviewer.press("Lock the results")
    assert ZH["Locked"] in reviewer.text
    walk.server.drain()
    signatory = walk.as_(walk.team.signatory)
    signatory.open("/review/reports/")
    walk.later(minutes=6)  # past the five minutes for which a password that was given stands
    signatory.press("Compose in my name")
    assert number in signatory.text
    signatory.fill(password=PASSWORD)
    signatory.press("Sign this report")


def handle(walk: Walk) -> None:
    """The officer finds the case on the desk, acknowledges, serves, files every part, closes."""
    walk.server.drain()
    enforcer = walk.as_(walk.county.enforcer)
    enforcer.open("/cases/")
    enforcer.page.locator("main table a").first.click()
    enforcer.page.wait_for_load_state()
    case = enforcer.path
    assert "腐霉利" in enforcer.text
    enforcer.press("Acknowledge")
    while enforcer.page.get_by_role("link", name=ZH["Note service"]).count():
        enforcer.follow("Note service")
        enforcer.choose(way="direct")
        enforcer.fill(served_on=clock.local_date(clock.now()).isoformat(), receiver="王芳", proof_text="当面签收")
        enforcer.press("Note service")
        enforcer.open(case)
    walk.move_to(date(2026, 10, 22))
    enforcer = walk.as_(walk.county.enforcer)
    for part, facts in COMPLETE.items():
        enforcer.open(case)
        enforcer.page.locator(f"a[href$='/parts/{part.value}']").first.click()
        enforcer.page.wait_for_load_state()
        for name, value in facts.items():
            enforcer.answer(name, value)
        enforcer.press("Hand in")
    enforcer.open(case)
    enforcer.press("Close the case")


def look_up(walk: Walk, receipt: str, number: str) -> None:
    """The gate has opened: the result is public, and the picker learns what became of the pick."""
    run_periodic("results.publication.publish")
    citizen = walk.citizen()
    citizen.open("/results/")
    citizen.page.locator("main a[href*='/results/samples/']").first.click()
    citizen.page.wait_for_load_state()
    assert number in citizen.text
    assert "腐霉利" in citizen.text
    citizen.open("/")
    citizen.fill(number=receipt)
    citizen.press("Look it up")
    fate = citizen.page.locator("main table tbody tr").first.locator("td")
    assert [cell.inner_text().split("\n")[-1] for cell in fate.all()] == ["1", "1", "1", "1", "1"]


def test_a_failed_sample_walks_from_a_pick_to_a_closed_case_in_chinese(walk: Walk, tmp_path: Path):
    photo = tmp_path / "place.jpg"
    photo.write_bytes(jpeg())
    for _shop in range(4):
        make_business(walk.team.regulator_id)
    walk.move_to(MONDAY)
    receipt = pick(walk)
    walk.move_to(FRIDAY - timedelta(days=1))
    address = plan(walk)
    draw(walk, address)
    walk.move_to(FRIDAY)
    number = take(walk, photo)
    walk.move_to(FRIDAY, 16)
    code = receive(walk, number)
    walk.move_to(date(2026, 10, 10))
    bench_and_signature(walk, code, number)
    walk.move_to(date(2026, 10, 12))
    handle(walk)
    look_up(walk, receipt, number)
