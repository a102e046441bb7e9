"""The national system in the demonstration: one file goes out, one of its samples comes back."""

from datetime import timedelta

from lims import clock
from lims.demo import World
from lims.errors import ConflictError
from results.national.queries import list_board
from results.national.services import note_return, take_out
from results.national.types import ReportingState

REASON = "抽样单照片不清晰，请重新上传后提交。"


def live(world: World) -> None:
    """In the last days of the month."""

    def report() -> None:
        try:
            with world.acting("signatory_city") as uow:
                take_out(uow)
        except ConflictError:
            return  # nothing was signed by then: a county of another seed

    def give_back() -> None:
        with world.acting("planner_1") as uow:
            reported = list_board(uow.session, uow.actor, clock.now(), states=[ReportingState.REPORTED], limit=1)
            for row in reported:
                note_return(uow, row.sample_id, REASON)

    world.on_day(world.today - timedelta(days=4), 17, 10, report)
    world.on_day(world.today - timedelta(days=3), 10, 5, give_back)
