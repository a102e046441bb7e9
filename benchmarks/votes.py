"""Ballots of unique devices, eight at once, each with its proof of work solved before."""

from benchmarks.harness import Measure, at_once, bare_inserts, installation, percentile
from citizen_votes import queries
from lims.db import db
from tests.factories.citizen_votes import make_planner, make_proof, make_round, vote

BALLOTS = 600


def measure() -> list[Measure]:
    """Ballots a second and the slowest hundredth."""
    with installation():
        round_id = make_round(make_planner().actor)
        with db.read_session() as session:
            options = queries.offered_strata(session, round_id)
        proofs = [make_proof(round_id) for _number in range(BALLOTS)]
        rate, took = at_once(
            lambda number: vote(round_id, [options[number % len(options)]], proof=proofs[number]), BALLOTS
        )
        return [
            Measure("ballots cast, 8 clients", rate, "/s", "≥ 600/s, ratio ≥ 0.5", rate / bare_inserts()),
            Measure("  the slowest hundredth", percentile(took, 0.99), "ms", "p99 < 300 ms"),
        ]
