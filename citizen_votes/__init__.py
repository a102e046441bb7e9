"""Public picks: rounds, ballots, tallies, and what became of a pick."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what this package brings."""
    from datetime import timedelta

    from citizen_votes import api, demo, keys, plan_views, services, subscribers, verification, views
    from lims.auth.permissions import Role, declare
    from lims.demo import register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.outbox.tasks import register_periodic
    from lims.runtime import settings_of
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api

    subscribers.register()
    keys.configure(settings_of(app).home)
    declare("votes.manage", {Role.PLANNER})
    app.register_blueprint(views.bp)
    app.register_blueprint(plan_views.bp)
    register_api(app, api.blp)
    navigation.add_public_entry("votes.home", _l("You pick, we test"), order=10)
    navigation.add_entry("rounds.index", _l("Pick rounds"), icon="vote", permission="votes.manage", order=10)
    register_periodic("citizen_votes.mix", timedelta(minutes=5), services.mix_waiting)
    register_periodic("citizen_votes.close", timedelta(minutes=1), services.close_due_rounds)
    register_periodic("citizen_votes.sweep", timedelta(hours=1), services.sweep_challenges)
    register_check("votes", verification.check_one_ballot_per_tag)
    register_check("votes", verification.check_commitments)
    register_check("votes", verification.check_tallies)
    register_chapter("citizen_votes", 10, demo.live)
