"""The words of a reader's report: how a port is now, its last fault, and what waits for the server.

They stand on the pages of the server, on the reader's own page and in `lims instruments status`.
"""

import re
from collections.abc import Mapping
from typing import Any

from instruments.types import PortState
from lims.i18n import gettext as _

# Reasons that carry what was found.
_CHECKSUM = re.compile(r"checksum (?P<stated>.*)", re.DOTALL)
_FRAME_NUMBER = re.compile(r"frame number (?P<found>.*), expected (?P<expected>.*)", re.DOTALL)
_TOO_LONG = re.compile(r"(?:a message of )?more than (?P<most>\d+) bytes(?: without an end)?")
_OF_THE_PORT = {"cannot be opened", "was lost"}
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
    return _("%(what)s: %(detail)s", what=words[what], detail=port_words(detail) if what in _OF_THE_PORT else detail)


def port_words(detail: str) -> str:
    """What the system said of a port, where a person at the bench can do something about it."""
    known = {  # the texts of the system, of pyserial and of ours
        "the other end closed the connection": _("the other end closed the connection"),
        "No such file or directory": _("there is no such port; is the device plugged in?"),
        "Permission denied": _("this account may not open it"),
        "Could not exclusively lock port": _("another program has it open"),
        "Address already in use": _("another program has it open"),
        "device reports readiness to read": _("the device was unplugged"),
        "Input/output error": _("the device was unplugged"),
        "Invalid argument": _("the port cannot do these line settings"),
        "Connection refused": _("nobody listens there"),
        "timed out": _("no answer came in time"),
    }
    return next((words for sign, words in known.items() if sign in detail), detail)


def unread_words(text: str) -> str:
    """Why a unit is no reading, as framer or parser said it; what is not known here stands as it is."""
    words = {
        "not in the form of this device": _("Not in the form of this device"),
        "no figure where the value stands": _("No figure where the value stands"),
        "no unit behind the value": _("No unit behind the value"),
        "fields are missing": _("Fields are missing"),
        "not as long as its records are": _("Not as long as its records are"),
        "a message without a result": _("A message without a result"),
        "a record of an unknown kind": _("A record of an unknown kind"),
        "the line fell silent in mid frame": _("The line fell silent in the middle"),
        "the line fell silent in mid transfer": _("The line fell silent in the middle"),
        "the connection ended in mid frame": _("The connection ended in the middle"),
        "the connection ended in mid transfer": _("The connection ended in the middle"),
        "ENQ in mid frame": _("The device began again in the middle"),
        "ENQ in mid transfer": _("The device began again in the middle"),
        "STX in mid frame": _("The device began again in the middle"),
        "EOT without ETX": _("The device ended before its last frame"),
        "no terminator record": _("The record that ends a message is missing"),
        "a message without header or terminator record": _("The record that begins or ends a message is missing"),
        "a NUL in the text": _("There is a NUL in the text"),
        "a frame without ENQ": _("A frame came before the device had asked to send"),
    }
    if text in words:
        return words[text]
    if said := _CHECKSUM.fullmatch(text):
        return _("Its check value %(stated)s is not that of its bytes", stated=said["stated"])
    if said := _FRAME_NUMBER.fullmatch(text):
        return _("Frame %(found)s came where %(expected)s was expected", found=said["found"], expected=said["expected"])
    if said := _TOO_LONG.fullmatch(text):
        return _("More than %(most)s bytes came without an end", most=said["most"])
    return text


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
