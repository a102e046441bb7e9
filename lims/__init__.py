"""The ground floor: what all packages stand on, and which knows none of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register pages, API, commands, checks and periodic work of the ground floor."""
    from datetime import timedelta

    from lims import cli, numbering, views
    from lims.ledger import replay
    from lims.ledger.sequencer import seal_head
    from lims.outbox.tasks import register_periodic
    from lims.runtime import signer_of
    from lims.uow import UnitOfWork
    from lims.verification import register_check

    app.register_blueprint(views.bp)
    cli.register(app)

    def seal(uow: UnitOfWork) -> None:
        seal_head(uow, signer_of(app))

    register_periodic("lims.ledger.seal", timedelta(seconds=5), seal)
    register_check("ledger", replay.check_chains)
    register_check("ledger", replay.check_heads)
    register_check("ledger", replay.check_replay)
    register_check("numbers", numbering.check_numbers)
