"""Composition root: the only module that knows every package."""

import importlib
import os
import sys
from collections.abc import Sequence

from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo

from lims.config import Settings, load_settings
from lims.console import speak_to_the_person
from lims.errors import LimsError
from lims.factory import create_base_app, finish_app
from lims.garbage import keep_what_stands, making_what_stays
from lims.runtime import connect

PACKAGES = ("lims", "citizen_votes", "sampling", "chain_of_custody", "instruments", "results")
MODELS = (
    "lims.ledger.models",
    "lims.outbox.models",
    "lims.people.models",
    "lims.erasure.models",
    "lims.nightly",
    "lims.numbering",
    "lims.files",
    "lims.catalog.models",
    "lims.limit_tables.models",
    "citizen_votes.models",
    "sampling.models",
    "sampling.national_tasks.models",
    "sampling.number_blocks.models",
    "chain_of_custody.models",
    "chain_of_custody.keeping.models",
    "chain_of_custody.conditions.models",
    "instruments.models",
    "results.models",
    "results.blind_checks.models",
    "results.quality.models",
    "results.nonconforming.models",
    "results.preparations.models",
    "results.raw_data.models",
    "results.raw_records.models",
    "results.referral.models",
    "results.recheck.models",
    "results.urgent.models",
    "results.environment.models",
    "results.settlement.models",
    "results.objections.models",
    "results.publication.models",
    "results.national.models",
)
WRONG_USE = 2  # exit status, product.md §13


def import_models() -> None:
    """Import every table, for migrations and checks of the schema."""
    for name in MODELS:
        importlib.import_module(name)


@making_what_stays()
def create_app(settings: Settings | None = None) -> Flask:
    """The whole application; connects to nothing, so that commands without a database leave no trace."""
    app = create_base_app(settings or load_settings())
    import_models()
    for name in PACKAGES:
        importlib.import_module(name).init_app(app)
    app.cli.add_command(importlib.import_module("lims.cli_demo").demo)
    finish_app(app)
    return app


def create_served_app() -> Flask:
    """What a web worker serves: the application, connected."""
    from lims import logging

    app = create_app()
    logging.configure(app.extensions["lims.settings"].log_level)
    connect(app)
    keep_what_stands()
    return app


def home_from_arguments(arguments: Sequence[str]) -> str | None:
    """The folder of `--home`: it decides the settings, so it is read before the application is made."""
    for place, argument in enumerate(arguments):
        if argument.startswith("--home="):
            return argument.partition("=")[2]
        if argument == "--home" and place + 1 < len(arguments):
            return arguments[place + 1]
    return None


def main() -> None:
    """The console script `lims`."""
    speak_to_the_person()
    home = home_from_arguments(sys.argv[1:])
    if home is not None:
        os.environ["LIMS_HOME"] = home
    group = FlaskGroup(
        name="lims",
        create_app=create_app,
        add_default_commands=False,
        add_version_option=False,
        load_dotenv=False,
        set_debug_flag=False,
        help="Fenjian: food sampling and testing, kept apart.",
    )
    try:
        group.main(obj=ScriptInfo(create_app=create_app, set_debug_flag=False))
    except LimsError as refusal:
        print(f"lims: {refusal}", file=sys.stderr)  # noqa: T201 - the console is what a command speaks to
        sys.exit(WRONG_USE)


if __name__ == "__main__":
    main()
