"""Write the reference pages from the code: commands, events, permissions.

`make reference` runs it; `tests/lims/test_docs.py` compares the pages with what it would write.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
NOT_OURS = {"openapi"}  # brought by flask-smorest, documented there
HEAD = "<!-- Written by `make reference` from the code; change the code, not this page. -->\n"


def pages(app: Flask) -> dict[str, str]:
    """The text of every reference page by file name."""
    return {
        "commands.md": commands(app),
        "events.md": events(),
        "permissions.md": permissions(),
    }


def commands(app: Flask) -> str:
    """Every command with its arguments and options."""
    lines = [HEAD, "# Commands", "", "Exit status: 0, 1 when something wrong was found, 2 when used wrongly.", ""]
    for name, command in sorted(_walk(app.cli, "lims")):
        lines += [f"## `{name}`", "", inspect.cleandoc(command.help or ""), ""]
        rows = [_parameter(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)]
        if rows:
            lines += ["| argument or option | what |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        if not command.hidden:
            yield path, command
        return
    for name, below in command.commands.items():
        if name not in NOT_OURS:
            yield from _walk(below, f"{path} {name}")


def _parameter(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Option):
        return f"| `{', '.join([*parameter.opts, *parameter.secondary_opts])}` | {parameter.help or ''} |"
    return f"| `{(parameter.metavar or parameter.name or '').upper()}` | {'' if parameter.required else 'optional'} |"


def events() -> str:
    """Every event with its fields and who hears it."""
    from lims.events import _after_commit, _in_transaction, all_event_types

    lines = [HEAD, "# Events", "", "Facts in the past tense; each stands in the ledger on its chain.", ""]
    for kind in all_event_types():
        if kind.name.startswith("tests."):
            continue
        hearers = [
            f"`{hearer.__module__}.{hearer.__name__}` in the transaction" for hearer in _in_transaction.get(kind, ())
        ]
        hearers += [f"task `{task}` after the commit" for task in _after_commit.get(kind, ())]
        fields = ", ".join(f"`{name}`" for name in kind.__dataclass_fields__)
        lines += [f"## `{kind.name}`", "", inspect.cleandoc(kind.__doc__ or ""), ""]
        lines += [f"Fields: {fields}.", *([f"Heard by {', '.join(hearers)}."] if hearers else []), ""]
    return "\n".join(lines)


def permissions() -> str:
    """Which roles carry which permission."""
    from lims.auth.permissions import declared_permissions

    rows = [
        f"| `{name}` | {', '.join(sorted(role.value for role in roles))} |"
        for name, roles in sorted(declared_permissions().items())
        if not name.startswith("tests.")
    ]
    return "\n".join([HEAD, "# Permissions", "", "| permission | roles |", "|---|---|", *rows, ""])


def main() -> None:
    """Write the pages."""
    sys.path.insert(0, str(ROOT))
    from app import create_app

    for name, text in pages(create_app()).items():
        (FOLDER / name).write_text(text, encoding="utf8")


if __name__ == "__main__":
    main()
