"""The chapter of preparations: its chain of standards can be followed back from the last batch."""

from contextlib import contextmanager
from types import SimpleNamespace

from lims.uow import unit_of_work
from results.preparations.demo import Chapter
from results.preparations.queries import get_preparation, materials_of_batch
from tests.factories.quality import METHOD, make_batch, make_quality_manager, make_sets
from tests.factories.sampling import make_team


def test_the_working_solution_of_the_last_batch_comes_from_the_certified_one(session):
    team = make_team()
    people = {"tester_1_city": team.tester, "quality_city": make_quality_manager(team)}

    @contextmanager
    def acting(key):
        with unit_of_work(people[key].actor) as uow:
            yield uow

    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    chapter = Chapter(SimpleNamespace(acting=acting))
    chapter.buy()
    chapter.prepare()
    chapter.use()
    [used] = materials_of_batch(session, batch.id)
    working = get_preparation(session, team.lab_id, used.number).preparation
    assert (str(working.concentration.normalize()), working.unit) == ("0.1", "mg/L")
