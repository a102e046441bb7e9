"""Register samples: form, signatures, photo, number, duties of three persons and ledger, eight samplers at once."""

from benchmarks.harness import Measure, at_once, bare_inserts, installation, percentile
from lims.db import db
from lims.uow import unit_of_work
from sampling.models import Sample
from sampling.services.forms import submit_form
from tests.factories.sampling import make_form_input, make_photos, make_plan, make_signatures, make_task, make_team

SAMPLES = 400


def measure() -> list[Measure]:
    """Samples a second, and how long the middle one takes."""
    with installation():
        team = make_team()
        plan_id = make_plan(team, samples=SAMPLES)
        tasks = [make_task(team, plan_id) for _number in range(SAMPLES)]
        form, signatures, photos = make_form_input(), make_signatures(), make_photos()

        def register(number: int) -> None:
            with unit_of_work(team.samplers[0].actor) as uow:
                submit_form(uow, tasks[number], form, signatures, photos)

        rate, took = at_once(register, SAMPLES)
        with db.read_session() as session:
            numbers = {number for (number,) in session.query(Sample.sampling_no)}
        assert len(numbers) == SAMPLES, f"{SAMPLES} samples have {len(numbers)} numbers"
        bare = bare_inserts()
        return [
            Measure("samples registered, 8 clients", rate, "/s", "≥ 150/s", rate / bare),
            Measure("  the middle one", percentile(took, 0.5), "ms", "p50 ≤ 40 ms"),
        ]
