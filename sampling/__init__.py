"""Plans, draws, tasks, sampling forms, samples, and the duties that keep the two sides apart."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register the commands and checks of sampling."""
    from lims.verification import register_check
    from sampling import cli, verification

    app.cli.add_command(cli.plan_group)
    app.cli.add_command(cli.draw_group)
    for check in verification.SEPARATION:
        register_check("separation", check)
    for check in verification.SAMPLES:
        register_check("samples", check)
