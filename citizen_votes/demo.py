"""The chapter of public picks: one round answered before the month, one open now."""

from datetime import datetime, time, timedelta
from uuid import UUID

from citizen_votes import services
from citizen_votes.queries import offered_strata
from citizen_votes.rules.proof_of_work import solve
from citizen_votes.types import Proof, Stratum
from lims.actors import PUBLIC
from lims.catalog.queries import list_majors
from lims.clock import LOCAL_ZONE
from lims.demo import World
from lims.uow import unit_of_work

KEY = bytes(32)  # signs the proofs of this chapter only, within one act
PLANNER = "planner_1"
FOODS, PLACES = 6, ("farmers_market", "supermarket", "restaurant")
DEVICES, PAPERS, RECENT = 300, 45, 30
BATCH = 60  # ballots in one act
OPENED_BEFORE = timedelta(days=40)
COUNTED_BEFORE = timedelta(days=3)


def live(world: World) -> None:
    """Open a round before the month, have it voted on and counted; open another one now."""
    before = datetime.combine(world.begins_on, time(9), LOCAL_ZONE)
    now = datetime.combine(world.today, time(9), LOCAL_ZONE)

    def answered() -> None:
        round_id = _open(world, "第三季度百姓点检日", "Public picks, third quarter", before - COUNTED_BEFORE)
        for number in range(DEVICES // BATCH + 1):
            count = min(BATCH, DEVICES - number * BATCH)
            world.later(timedelta(days=2 + 3 * number), lambda count=count: _vote(world, round_id, count))  # type: ignore[misc]
        world.later(timedelta(days=20), lambda: _enter_papers(world, round_id))
        world.at(before - COUNTED_BEFORE + timedelta(hours=1), lambda: _count(world, round_id))

    def opened() -> None:
        round_id = _open(world, "第四季度百姓点检日", "Public picks, fourth quarter", now + timedelta(days=21))
        world.later(timedelta(days=2), lambda: _vote(world, round_id, RECENT))

    world.at(before - OPENED_BEFORE, answered)
    world.at(now - timedelta(days=6), opened)


def _open(world: World, title_zh: str, title_en: str, closes_at: datetime) -> UUID:
    with world.acting(PLANNER) as uow:
        foods = [major.code for major in list_majors(uow.session)[:FOODS]]
        strata = [Stratum(food, place) for food in foods for place in PLACES]
        made = services.create_round(
            uow,
            title_zh=title_zh,
            title_en=title_en,
            opens_at=uow.now,
            closes_at=closes_at,
            strata=strata,
            difficulty=1,
        )
        services.open_round(uow, made.id)
        return made.id


def _choose(world: World, offered: list[str]) -> list[str]:
    """One to five picks; what stands first is wanted more."""
    wanted = {min(int(world.rng.expovariate(5 / len(offered))), len(offered) - 1) for _ in range(5)}
    return [offered[index] for index in sorted(wanted)]


def _vote(world: World, round_id: UUID, count: int) -> None:
    with unit_of_work(PUBLIC) as uow:
        offered = offered_strata(uow.session, round_id)
        for _ in range(count):
            challenge = services.issue_challenge(uow, round_id, KEY)
            services.cast_ballot(
                uow,
                round_id,
                _choose(world, offered),
                nonce=world.rng.randbytes(32),
                device_token=world.rng.randbytes(32).hex(),
                proof=Proof(challenge, solve(challenge)),
                key=KEY,
            )


def _enter_papers(world: World, round_id: UUID) -> None:
    with world.acting(PLANNER) as uow:
        offered = offered_strata(uow.session, round_id)
        for number in range(1, PAPERS + 1):
            services.take_paper_ballot(uow, round_id, f"P-{number:04d}", _choose(world, offered))


def _count(world: World, round_id: UUID) -> None:
    """The background closes a round whose time is over; where it has not yet, the planner does."""
    with unit_of_work(world.actor(PLANNER)) as uow:
        services.close_due_rounds(uow)
    with world.acting(PLANNER) as uow:
        services.count_round(uow, round_id)
    with world.acting(PLANNER) as uow:
        services.destroy_key(uow, round_id)
    world.tell("round_counted", round_id)
