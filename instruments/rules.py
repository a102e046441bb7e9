"""How a reading finds its sample: by barcode, then by the slot of an open run, else not at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from instruments.types import MatchedBy, QuarantineReason


@dataclass(frozen=True, slots=True)
class Match:
    """What ties a reading to a blind code, or why nothing does."""

    blind_code: str | None
    matched_by: MatchedBy | None
    reason: QuarantineReason | None


def match_reading(
    barcode: str,
    slot: str,
    *,
    is_quality_control: bool,
    looks_like_code: Callable[[str], bool],
    codes: frozenset[str] | set[str],
    slots: Mapping[str, str],
) -> Match:
    """Tie a reading to a sample, never by name and never by what is merely alike.

    A barcode that looks like a blind code and is none of this laboratory is not put right by its slot: one of the two
    is wrong, and a person has to look.

    Args:
        barcode: the sample code as the device sent it, normalised.
        slot: channel, well or hole.
        is_quality_control: a blank, a control or a calibration.
        looks_like_code: whether a text has the form and the check character of a blind code.
        codes: blind codes that this laboratory gave.
        slots: slot → blind code of the run that was open when the reading was taken.
    """
    if is_quality_control:
        return Match(None, None, QuarantineReason.QUALITY_CONTROL)
    if barcode in codes:
        return Match(barcode, MatchedBy.BARCODE, None)
    if looks_like_code(barcode):
        return Match(None, None, QuarantineReason.UNKNOWN_BARCODE)
    if slot and slot in slots:
        return Match(slots[slot], MatchedBy.RUN_SLOT, None)
    return Match(None, None, QuarantineReason.NOTHING_TO_MATCH)
