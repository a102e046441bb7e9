"""The ground floor: what all packages stand on, and which knows none of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register pages, API, commands, checks and periodic work of the ground floor."""
    from datetime import timedelta

    from lims import (
        account_views,
        admin,
        catalog,
        cli,
        demo_people,
        erasure,
        limit_tables,
        nightly,
        numbering,
        symbol_views,
        views,
    )
    from lims.auth.permissions import Role, declare
    from lims.demo import register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.ledger import replay
    from lims.ledger.sequencer import seal_head
    from lims.ledger.witnessing import deliver_heads, post_to_witness
    from lims.mail import Mailer
    from lims.outbox.tasks import register_periodic
    from lims.people import api as people_api
    from lims.people import authorisation_views, organisation_views, person_views
    from lims.runtime import settings_of, signer_of
    from lims.uow import UnitOfWork
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from lims.web.operations import register_own_counts

    declare("lims.administer", {Role.ADMINISTRATOR})
    declare("lims.operate", {Role.ADMINISTRATOR, Role.AUDITOR})
    for pages in (views, account_views, symbol_views, admin, person_views, organisation_views):
        app.register_blueprint(pages.bp)
    erasure.init_app(app)
    app.register_blueprint(authorisation_views.bp)
    app.jinja_env.globals.update(own_authorisation_notices=authorisation_views.own_notices)
    register_api(app, people_api.blp)
    register_api(app, symbol_views.blp)
    catalog.init_app(app)
    limit_tables.init_app(app)
    cli.register(app)
    navigation.add_entry("admin.operations", _l("Operations"), icon="chart", permission="lims.operate", order=90)
    navigation.add_entry("admin.people", _l("Administration"), icon="settings", permission="lims.administer", order=91)
    register_own_counts()

    def seal(uow: UnitOfWork) -> None:
        seal_head(uow, signer_of(app))

    def witness(uow: UnitOfWork) -> None:
        settings = settings_of(app)
        deliver_heads(uow, settings.witnesses, post_to_witness, Mailer.of(settings).send)

    def prove(uow: UnitOfWork) -> None:
        nightly.prove_tonight(uow)

    register_periodic("lims.nightly.prove", timedelta(minutes=10), prove)
    register_periodic("lims.ledger.seal", timedelta(seconds=5), seal)
    register_periodic("lims.ledger.witness", timedelta(minutes=1), witness)
    register_check("ledger", replay.check_chains)
    register_check("ledger", replay.check_heads)
    register_check("ledger", replay.check_replay)
    register_check("numbers", numbering.check_numbers)
    register_chapter("people", 0, demo_people.live)
