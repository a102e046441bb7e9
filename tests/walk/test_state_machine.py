"""Random work of many hands, whatever their roles: after every operation the invariants I1 to I7 hold.

Everybody of the laboratory carries every role, so that nothing but the program's own rules keeps the sides apart. An
operation may be refused, in words; what it may not do is to leave the database in a state that `lims verify` names.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from chain_of_custody import queries as custody_queries
from chain_of_custody import services as custody
from chain_of_custody.models import BlindCode, HandOver
from chain_of_custody.types import Blindness, PlaceLevel, ReceptionChecks, Scan
from chain_of_custody.verification import CHECKS as CUSTODY
from lims import clock
from lims.auth.permissions import Role
from lims.db import db
from lims.errors import LimsError
from lims.numbering import check_numbers
from lims.reading import keep_reads
from lims.uow import unit_of_work
from results.models import ItemResult, TestSet
from results.queries import list_lines
from results.services.composition import compose_report
from results.services.confirming import enter_retest
from results.services.entry import approve_correction, enter_results, propose_correction
from results.services.review import give_up, lock_results, return_results
from results.services.signing import sign_conclusions
from results.types import Entry, ItemVerdict, LimitState
from results.verification import SIGNATURES, VERDICTS
from sampling.models import DutyAct, Sample
from sampling.services.corrections import decide_correction, request_correction
from sampling.services.samples import void_sample
from sampling.types import SampleState, SeparationMode
from sampling.verification import SAMPLES, SEPARATION
from tests.factories.chain_of_custody import ALL_GOOD, some_seals
from tests.factories.people import Somebody, make_person
from tests.factories.results import STATED
from tests.factories.sampling import Team, make_plan, make_sample, make_task, make_team

EVERY_ROLE = (
    Role.SAMPLER,
    Role.CUSTODIAN,
    Role.TESTER,
    Role.REVIEWER,
    Role.SIGNATORY,
    Role.LAB_HEAD,
    Role.QUALITY_MANAGER,
)
HANDS = 5
MOST_SAMPLES = 12  # of one example: with more of them, few would come far, and each proof would take longer
BROKEN_SEAL = ReceptionChecks(
    seal_intact=False,
    packaging_intact=True,
    quantity_sufficient=True,
    condition_normal=True,
    papers_complete=True,
    papers_match=True,
)
HOLD = (*SEPARATION, *SAMPLES, *CUSTODY, *SIGNATURES, *VERDICTS, check_numbers)
# What only hand-written SQL could try; the application's login must be refused, or the keys must.
ATTACKS = tuple(
    " ".join(statement.split())
    for statement in (
        "UPDATE person_sample_duty SET side = 'testing' WHERE sample_id = :sample",
        "DELETE FROM duty_act WHERE sample_id = :sample",
        "UPDATE item_result SET entered_text = '0' WHERE sample_id = :sample",
        "UPDATE custody_entry SET holder_id = :person WHERE sample_id = :sample",
        """INSERT INTO person_sample_duty (sample_id, person_id, side, claimed_at)
           SELECT sample_id, person_id, 'testing', now() FROM duty_act WHERE sample_id = :sample LIMIT 1""",
        """INSERT INTO custody_entry (portion_id, seq, sample_id, kind, holder_id, organisation_id, at)
           SELECT portion_id, seq, sample_id, kind, :person, organisation_id, now() FROM custody_entry
           WHERE sample_id = :sample""",
        """INSERT INTO duty_act (id, sample_id, plan_id, category_id, mode, role, side, person_id, employment_id,
             organisation_id, organisation_kind, party_id, acted_at)
           SELECT gen_random_uuid(), sample_id, plan_id, category_id, mode, 'tester', 'testing', person_id,
             employment_id, organisation_id, organisation_kind, party_id, now() FROM duty_act
           WHERE sample_id = :sample AND role = 'sampler' LIMIT 1""",
    )
)
A_TENTH = 10_000
WHOLE_WAY = {"take", "seal", "offer", "confirm", "receive", "recode", "test", "lock", "sign"}
done: Counter[str] = Counter()


@dataclass(frozen=True)
class House:
    """What every example of one mode begins with: one regulator, one sampling organisation, one laboratory."""

    team: Team
    hands: list[Somebody]
    planners: list[Somebody]
    place: str
    tasks: list[UUID]


def found(mode: SeparationMode) -> House:
    """Everybody is employed; the samplers of another organisation stay there."""
    team = make_team(mode)
    make_plan(team)
    hands = [make_person(team.lab_id, *EVERY_ROLE) for _ in range(HANDS)]
    with unit_of_work(hands[0].actor) as uow:
        place = custody.add_place(uow, code="R1", name="Cold room", level=PlaceLevel.SITE, parent_id=None).code
    return House(
        team=team,
        hands=[*hands, *team.samplers, team.officer],
        planners=[team.planner, make_person(team.regulator_id, Role.PLANNER)],
        place=place,
        tasks=[make_task(team) for _ in range(MOST_SAMPLES)],
    )


class Laboratory(RuleBasedStateMachine):
    """The work of one house; all that an example writes is undone at its end."""

    is_checked = True
    samples = Bundle("samples")
    offers = Bundle("offers")

    @initialize(mode=st.sampled_from(SeparationMode))
    def settle(self, mode):
        self.opened = db.engine.connect()
        self.transaction = self.opened.begin()
        self.binding = db.bound_to(self.opened)
        self.binding.__enter__()
        house = self.houses[mode]
        self.team, self.hands, self.planners, self.place = house.team, house.hands, house.planners, house.place
        self.tasks = iter(house.tasks)

    def teardown(self):
        if hasattr(self, "opened"):
            self.binding.__exit__(None, None, None)
            self.transaction.rollback()
            self.opened.close()

    def act(self, name, who, work):
        """Try it; a refusal in words is an answer, too."""
        try:
            with unit_of_work(who.actor) as uow:
                answer = work(uow)
        except LimsError as refusal:
            done[f"{name}: {refusal.code}"] += 1
            self.is_checked &= not refusal.is_remembered  # any other refusal left the database as it was
            return None
        done[name] += 1
        self.is_checked = False
        return answer

    def reading(self):
        return Session(self.opened, join_transaction_mode="create_savepoint")

    def code_of(self, sample_id):
        with self.reading() as session:
            return (
                session.scalar(
                    sa.select(BlindCode.code).where(BlindCode.sample_id == sample_id, BlindCode.retired_at.is_(None))
                )
                or "22222222"
            )

    def numbers_of(self, sample_id):
        with self.reading() as session:
            return [one.portion_no for one in custody_queries.list_portions(session, sample_id)]

    def one_of(self, place):
        return self.hands[place % len(self.hands)]

    hand = st.integers(0, HANDS + 2)

    @rule(target=samples)
    def take(self):
        task_id = next(self.tasks, None)
        if task_id is None:
            return multiple()
        done["take"] += 1
        self.is_checked = False
        return make_sample(self.team, of_task_id=task_id)

    @rule(sample=samples, place=hand)
    def seal(self, sample, place):
        self.act("seal", self.one_of(place), lambda uow: custody.seal_portions(uow, sample, some_seals()))

    @rule(sample=samples, place=hand)
    def void(self, sample, place):
        if place == 0:  # rarely: what is void is out of the game
            self.act("void", self.one_of(place + HANDS), lambda uow: void_sample(uow, sample, "A torn seal."))

    @rule(target=offers, sample=samples, place=hand, everything=st.booleans())
    def offer(self, sample, place, everything):
        numbers = self.numbers_of(sample)[: None if everything else 1]
        made = self.act(
            "offer", self.one_of(place), lambda uow: custody.offer_hand_over(uow, numbers, self.team.lab_id).id
        )
        return made or UUID(int=0)

    @rule(offer=offers, place=hand, intact=st.booleans(), leaves_out=st.booleans())
    def confirm(self, offer, place, intact, leaves_out):
        with self.reading() as session:
            listed = session.get(HandOver, offer)
            numbers = [one.portion_no for one in custody_queries.list_listed_portions(session, offer)] if listed else []
        scans = [Scan(number, seal_intact=intact or order > 0) for order, number in enumerate(numbers)]
        taken = scans[:-1] if leaves_out else scans
        self.act("confirm", self.one_of(place), lambda uow: custody.confirm_hand_over(uow, offer, taken))

    @rule(offer=consumes(offers), place=hand)
    def withdraw(self, offer, place):
        self.act("withdraw", self.one_of(place), lambda uow: custody.withdraw_hand_over(uow, offer))

    @rule(sample=samples, place=hand, good=st.sampled_from([True, True, True, False]))
    def receive(self, sample, place, good):
        checks, reason = (ALL_GOOD, None) if good else (BROKEN_SEAL, "The seal is broken.")
        self.act("receive", self.one_of(place), lambda uow: custody.record_reception(uow, sample, checks, reason))

    @rule(sample=samples, place=hand, blindness=st.sampled_from(Blindness))
    def recode(self, sample, place, blindness):
        self.act("recode", self.one_of(place), lambda uow: custody.recode(uow, sample, blindness))

    @rule(sample=samples, place=hand)
    def relabel(self, sample, place):
        self.act(
            "relabel",
            self.one_of(place),
            lambda uow: custody.relabel(uow, sample, Blindness.OPEN, "It was read.") and None,
        )

    @rule(sample=samples, place=hand, backup=st.booleans())
    def store(self, sample, place, backup):
        numbers = self.numbers_of(sample)
        if numbers:
            self.act(
                "store",
                self.one_of(place),
                lambda uow: custody.move_portion(uow, numbers[-1 if backup else 0], self.place) and None,
            )

    @rule(sample=samples, place=hand, text=st.sampled_from(["未检出", "0.003", "9"]))
    def test(self, sample, place, text):
        code = self.code_of(sample)
        with self.reading() as session:
            test_set = session.scalar(sa.select(TestSet).where(TestSet.sample_id == sample))
            lines = list_lines(session, test_set.id) if test_set else []
        entries = [
            Entry(one.line.id, STATED if text == "未检出" and one.line.lod is None else text, "Read again.")
            if one.line.limit_state is LimitState.FOUND
            else Entry(one.line.id, "/", "Read again.", untested_reason="not loaded")
            for one in lines
        ]

        def enter(uow):
            for judged in enter_results(uow, code, entries):
                if judged.judgement.verdict is ItemVerdict.FAIL:
                    enter_retest(uow, code, judged.line.id, text)

        self.act("test", self.one_of(place), enter)

    @rule(sample=samples, place=hand)
    def lock(self, sample, place):
        code = self.code_of(sample)
        self.act("lock", self.one_of(place), lambda uow: lock_results(uow, code))

    @rule(sample=samples, place=hand)
    def give_back(self, sample, place):
        code = self.code_of(sample)
        self.act("return", self.one_of(place), lambda uow: return_results(uow, code, "Look again."))

    @rule(sample=samples, place=hand, other=hand)
    def amend(self, sample, place, other):
        code = self.code_of(sample)
        with self.reading() as session:
            first = session.scalars(
                sa.select(ItemResult).where(ItemResult.sample_id == sample).order_by(ItemResult.entered_at).limit(1)
            ).first()
        if first is None:
            return
        entry = Entry(first.set_item_id, "0.002", "Integrated again.")
        proposal = self.act("propose", self.one_of(place), lambda uow: propose_correction(uow, code, entry).id)
        if proposal is not None:
            self.act("amend", self.one_of(other), lambda uow: approve_correction(uow, proposal))

    @rule(sample=samples, place=hand)
    def end_untested(self, sample, place):
        if place == 0:
            code = self.code_of(sample)
            self.act("give up", self.one_of(place), lambda uow: give_up(uow, code, "It has spoiled."))

    @rule(sample=samples, place=hand, other=hand)
    def sign(self, sample, place, other):
        code = self.code_of(sample)

        def compose(uow):
            report = compose_report(uow, code)
            return report.id, report.pdf_sha256

        shown = self.act("compose", self.one_of(place), compose)
        if shown is not None:
            self.act(
                "sign",
                self.one_of(other),
                lambda uow: sign_conclusions(uow, {shown[0]: shown[1]}, confirmed_at=uow.now) and None,
            )

    @rule(sample=samples, place=hand, other=hand)
    def unblind(self, sample, place, other):
        code = self.code_of(sample)
        asked = self.act(
            "ask to unblind", self.one_of(place), lambda uow: custody.request_unblinding(uow, code, "Fire.").id
        )
        if asked is not None:
            self.act(
                "unblind",
                self.one_of(other),
                lambda uow: custody.decide_unblinding(uow, asked, "No.", opens=other > 1) and None,
            )

    @rule(sample=samples, place=hand, number=st.integers(0, 9))
    def correct(self, sample, place, number):
        asked = self.act(
            "ask to correct",
            self.one_of(place),
            lambda uow: request_correction(uow, sample, "batch_no", f"B{number}", "Misread.").id,
        )
        if asked is not None:
            self.act("correct", self.planners[1], lambda uow: decide_correction(uow, asked, None, approves=True))

    @rule(sample=samples, place=hand, attack=st.sampled_from(ATTACKS))
    def attack(self, sample, place, attack):
        self.is_checked = False
        with self.reading() as session:
            acted = session.scalar(sa.select(DutyAct.id).where(DutyAct.sample_id == sample).limit(1))
            assert acted is not None
            try:
                with session.begin_nested():
                    changed = session.execute(
                        sa.text(attack), {"sample": sample, "person": self.one_of(place).person_id}
                    )
                    assert changed.rowcount == 0, attack
            except DBAPIError:
                done["attack refused"] += 1

    @rule(hours=st.integers(1, 5))
    def wait(self, hours):
        self.time.move_to(clock.now() + timedelta(hours=hours))

    @rule(sample=samples, places=st.lists(hand, min_size=3, max_size=15))
    def go_on(self, sample, places):
        """The steps that are due, by somebody or other, so that samples come to their end now and then."""
        for place in places:
            self.next_step(sample, place)
            self.nothing_is_violated()

    def next_step(self, sample, place):
        with self.reading() as session:
            state = session.get_one(Sample, sample).state
        numbers = self.numbers_of(sample)
        match state:
            case SampleState.SAMPLED if not numbers:
                self.seal(sample, HANDS + place % 2)
            case SampleState.SAMPLED:
                offer = self.offer(sample, HANDS + place % 2, everything=True)
                self.confirm(offer, place, intact=True, leaves_out=False)
            case SampleState.IN_TRANSIT:
                self.receive(sample, place, good=True)
            case SampleState.RECEIVED:
                self.recode(sample, place, Blindness.REPACKED)
            case SampleState.RECODED:
                self.test(sample, place, "未检出")
            case SampleState.TESTING:
                self.lock(sample, place)
            case SampleState.LOCKED:
                self.sign(sample, place, place)

    @invariant()
    def nothing_is_violated(self):
        if self.is_checked:
            return
        self.is_checked = True
        with self.reading() as session:
            keep_reads(session)
            for check in HOLD:
                finding = check(session)
                assert not finding.violations, (finding.invariant, finding.examples)


def run(examples: int, steps: int, *, always_the_same: bool = False) -> None:
    run_state_machine_as_test(
        Laboratory,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=always_the_same,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def _laboratory(committed_database, frozen_clock):
    """The houses of all modes, committed once: founding them anew took longer than the work in them."""
    Laboratory.time = frozen_clock
    Laboratory.houses = {mode: found(mode) for mode in SeparationMode}
    done.clear()


@pytest.mark.usefixtures("_laboratory")
def test_random_work_never_breaks_an_invariant():
    run(8, 50, always_the_same=True)
    assert sum(done.values()) >= 20


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("_laboratory")
@pytest.mark.parametrize("tenth", range(10))  # so that several processes may share them
def test_a_hundred_thousand_random_operations_never_break_an_invariant(capsys, tenth):
    while sum(done.values()) < A_TENTH:  # how many operations an example takes is left to chance
        run(20, 200)
    with capsys.disabled():
        for name, count in sorted(done.items()):
            print(f"{count:>8}  {name}")  # noqa: T201 - the figures are what a soak is run for
    assert done.keys() >= WHOLE_WAY
