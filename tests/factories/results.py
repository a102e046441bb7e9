"""Worklists, entered and locked results."""

from itertools import count

from lims.uow import unit_of_work
from results.models import TestSet
from results.queries import list_lines
from results.services.entry import enter_results
from results.services.review import lock_results
from results.services.worklists import open_test_set
from results.types import Entry
from sampling.services.samples import move_sample
from sampling.services.separation import get_sample_for_act
from sampling.types import SampleEvent
from tests.factories.sampling import Team, make_sample

_codes = count(1)


def make_test_set(team: Team) -> TestSet:
    """The worklist of a sample that reached the bench."""
    sample_id = make_sample(team)
    with unit_of_work(team.custodian.actor) as uow:
        sample = get_sample_for_act(uow, sample_id)
        for event in (SampleEvent.HANDED_OVER, SampleEvent.ACCEPTED, SampleEvent.RECODED):
            move_sample(uow, sample, event)
        made = open_test_set(uow, sample_id, f"BLIND{next(_codes):04d}")
        uow.session.flush()
        uow.session.expunge(made)
        return made


def make_entered_set(team: Team, text: str = "未检出") -> TestSet:
    """A worklist with the same result for every item."""
    made = make_test_set(team)
    with unit_of_work(team.tester.actor) as uow:
        lines = list_lines(uow.session, made.id)
        enter_results(uow, made.blind_code, [Entry(one.line.id, text) for one in lines])
    return made


def make_locked_set(team: Team) -> TestSet:
    """A worklist whose results the reviewer fixed."""
    made = make_entered_set(team)
    with unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, made.blind_code)
    return made
