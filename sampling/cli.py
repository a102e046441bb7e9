"""Commands of sampling: `lims plan` and `lims draw`."""

import click

from lims.cli import LimsGroup
from sampling.cli_allocate import allocate_command
from sampling.cli_draw import draw_group

__all__ = ["draw_group", "plan_group"]


@click.group("plan", cls=LimsGroup)
def plan_group() -> None:
    """Plans: how a budget is divided over strata."""


plan_group.add_command(allocate_command)
