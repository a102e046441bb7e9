"""The words of a reader's report: how a port is now, its last fault, and what waits for the server.

They stand on the pages of the server, on the reader's own page and in `lims instruments status`.
"""

from collections.abc import Mapping
from typing import Any

from instruments.types import PortState
from lims.i18n import gettext as _

LISTENING = "listen://"


def state_words(state: str, port: str, *, is_healthy: bool) -> str:
    """How a port is now; one that listens has to wait until its device calls."""
    if state == PortState.OPEN and not is_healthy:
        return _("Only noise comes")
    if state == PortState.STARTING and port.startswith(LISTENING):
        return _("Waits for the device to call")
    return {
        PortState.STARTING: _("Starting"),
        PortState.OPEN: _("Connected"),
        PortState.RECONNECTING: _("Not reached"),
        PortState.DISK_REFUSES: _("Disk refuses"),
        PortState.STOPPED: _("Stopped"),
    }[PortState(state)]


def fault_words(text: str) -> str:
    """The last fault of a port as its reader reported it: what happened in words, behind it the system's own."""
    what, _colon, detail = text.partition(": ")
    words = {
        "cannot be opened": _("The port cannot be opened"),
        "was lost": _("The line was lost"),
        "readings cannot be kept": _("The readings cannot be kept"),
        "journal cannot be written": _("The journal cannot be written"),
        "the reader failed": _("The reader failed"),
        "folder cannot be read": _("The folder cannot be read"),
        "file cannot be taken": _("The file cannot be taken"),
        "file is too large": _("The file is too large"),
    }
    if what not in words:
        return text
    ended = {"the other end closed the connection": _("the other end closed the connection")}
    return _("%(what)s: %(detail)s", what=words[what], detail=ended.get(detail, detail))


def last_fault_words(text: str, at: str, *, is_healthy: bool) -> str:
    """The last fault with its time, and that it is over where the port is well again.

    Args:
        text: as the reader reported it.
        at: when it was, as it is shown there; empty where an older reader did not say.
        is_healthy: whether the port is well now.
    """
    fault = fault_words(text)
    if is_healthy:
        return _("Well again. At %(at)s: %(fault)s", at=at or "/", fault=fault)
    return _("At %(at)s: %(fault)s", at=at, fault=fault) if at else fault


def spool_words(counts: Mapping[str, Any]) -> str:
    """How many readings are under way, and how many have arrived."""
    return _(
        "%(waiting)s waiting for the server, %(delivered)s delivered, %(refused)s refused",
        waiting=counts["waiting"],
        delivered=counts["delivered"],
        refused=counts["refused"],
    )
