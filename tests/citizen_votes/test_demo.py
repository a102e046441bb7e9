"""The chapter of public picks, lived alone."""

import random
from datetime import date, datetime, timedelta

from citizen_votes import demo, queries
from citizen_votes.types import RoundState
from lims import clock, demo_people
from lims.demo import World
from lims.verification import run_checks


def test_the_month_begins_with_an_answered_round_and_ends_with_an_open_one(committed_database):
    from lims.db import db

    eve = datetime(2026, 9, 1, 1, tzinfo=clock.LOCAL_ZONE)
    with clock.use_clock(clock.SimulatedClock(eve)) as simulated:
        world = World(random.Random(7), simulated, date(2026, 10, 15), date(2026, 10, 25))
        demo_people.live(world)
        told = []
        world.on("round_counted", lambda round_id: told.append((round_id, clock.now())))
        demo.live(world)
        world.live(lambda _instant: None)
        with db.new_session() as session:
            recent, answered = queries.list_rounds(session)
            assert (recent.state, answered.state) == (RoundState.OPEN, RoundState.SEALED)
            assert [round_id for round_id, _at in told] == [answered.id]
            assert told[0][1] < datetime(2026, 10, 15, tzinfo=clock.LOCAL_ZONE) + timedelta(hours=9)
            assert queries.ballot_count(session, answered.id) == demo.DEVICES + demo.PAPERS
            assert queries.get_tally(session, answered.id).total_mass > 0
            assert queries.ballot_count(session, recent.id) == demo.RECENT
            assert all(finding.violations == 0 for finding in run_checks(session, "votes"))
