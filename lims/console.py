"""What click says by itself, in the language of whoever types the command (`LIMS_LOCALE`).

click asks the standard library's `gettext` for its words, which would want a compiled catalogue installed on the
machine. Here its modules are given our own catalogue instead, once, before a command runs; a test holds it to every
refusal that click knows. The help stays English as its texts are.
"""

import gettext as standard_library
from functools import cache
from gettext import NullTranslations
from types import ModuleType

import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.termui
import click.types
import click.utils

from lims.i18n import CATALOGUES, current_locale, read_catalogue

CATALOGUE = "click.po"
MODULES: tuple[ModuleType, ...] = (
    click.core,
    click.decorators,
    click.exceptions,
    click.formatting,
    click.parser,
    click.termui,
    click.types,
    click.utils,
)


@cache
def _chinese() -> NullTranslations:
    """Of click alone: reading all catalogues would cost every command a second."""
    return read_catalogue(CATALOGUES / "zh_CN" / CATALOGUE)


def _translations() -> NullTranslations:
    return NullTranslations() if current_locale() == "en" else _chinese()


def _gettext(message: str) -> str:
    return _translations().gettext(message)


def _ngettext(singular: str, plural: str, number: int) -> str:
    return _translations().ngettext(singular, plural, number)


def speak_to_the_person() -> None:
    """Let click refuse in the language of the person. May be called more than once."""
    ours = {standard_library.gettext: _gettext, standard_library.ngettext: _ngettext}
    for module in MODULES:
        for name, value in list(vars(module).items()):
            if callable(value) and value in (standard_library.gettext, standard_library.ngettext):
                setattr(module, name, ours[value])
