"""Instruments, their readers, raw readings and files, matched to blind codes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register the commands of instruments."""
    from instruments.cli import instruments

    app.cli.add_command(instruments)
