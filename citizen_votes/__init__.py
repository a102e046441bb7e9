"""Public picks: rounds, ballots, tallies, and what became of a pick."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what this package brings."""
    from datetime import timedelta

    from citizen_votes import keys, services, verification
    from lims.outbox.tasks import register_periodic
    from lims.runtime import settings_of
    from lims.verification import register_check

    keys.configure(settings_of(app).home)
    register_periodic("citizen_votes.mix", timedelta(minutes=5), services.mix_waiting)
    register_periodic("citizen_votes.close", timedelta(minutes=1), services.close_due_rounds)
    register_periodic("citizen_votes.sweep", timedelta(hours=1), services.sweep_challenges)
    register_check("votes", verification.check_one_ballot_per_tag)
    register_check("votes", verification.check_commitments)
    register_check("votes", verification.check_tallies)
