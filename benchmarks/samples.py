"""Register samples: form, signatures, photo, number, duties of three persons and ledger, eight samplers at once."""

from benchmarks.harness import CLIENTS, Measure, at_once, bare_inserts, installation, percentile
from lims.db import db
from lims.uow import unit_of_work
from sampling.models import Sample
from sampling.services.forms import DrawnSignature, submit_form
from tests.factories.sampling import make_form_input, make_photos, make_plan, make_signatures, make_task, make_team

SAMPLES = 400


def measure() -> list[Measure]:
    """Samples a second, and how long the middle one takes."""
    with installation():
        teams = [make_team() for _client in range(CLIENTS)]  # as many samplers as tablets
        plans = [make_plan(team, samples=SAMPLES) for team in teams]
        tasks = [make_task(teams[number % CLIENTS], plans[number % CLIENTS]) for number in range(SAMPLES)]
        form, photos = make_form_input(), make_photos()

        def register(number: int) -> None:
            # Hands differ: nobody signs twice with the same picture.
            drawn = {signer: DrawnSignature(one.png + number.to_bytes(4)) for signer, one in make_signatures().items()}
            with unit_of_work(teams[number % CLIENTS].samplers[0].actor) as uow:
                submit_form(uow, tasks[number], form, drawn, photos)

        rate, took = at_once(register, SAMPLES)
        with db.read_session() as session:
            numbers = {number for (number,) in session.query(Sample.sampling_no)}
        assert len(numbers) == SAMPLES, f"{SAMPLES} samples have {len(numbers)} numbers"
        bare = bare_inserts()
        return [
            Measure("samples registered, 8 clients", rate, "/s", "≥ 150/s", rate / bare),
            Measure("  the middle one", percentile(took, 0.5), "ms", "p50 ≤ 40 ms"),
        ]
