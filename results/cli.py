"""Commands of results: `lims results`."""

import click

from lims.cli import LimsGroup
from results.cli_judge import judge


@click.group("results", cls=LimsGroup)
def results_group() -> None:
    """Results: judge a file against the limits it states."""


results_group.add_command(judge)
