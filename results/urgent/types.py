"""Words of the 24-hour report."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What the signatory adds to the figures.

    Attributes:
        copies_to: offices that get a copy, as they are to be printed.
        explanation: what the finding means; empty where the program's own words say it.
    """

    copies_to: tuple[str, ...]
    explanation: str = ""
