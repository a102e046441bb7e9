"""Whether a recheck may be had, which laboratory does it, and what its results mean for the sample."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from uuid import UUID

from results.recheck.types import RefusalReason
from results.types import ItemVerdict
from sampling.types import SampleVerdict


@dataclass(frozen=True, slots=True)
class Application:
    """Everything the decision on an application looks at.

    Attributes:
        applied_on: the local day on which the application came in.
        recheck_until: the applicant's last day; None where the notice is not served on them.
        asks_microbiological: one of the items asked for is microbiological.
        backup_until: last day of the shelf life where the program knows it; None where it does not.
        has_backup: a backup portion was kept.
    """

    applied_on: date
    recheck_until: date | None
    asks_microbiological: bool
    has_backup: bool
    backup_until: date | None = None


def refusals_of(application: Application) -> list[RefusalReason]:
    """The reasons for which an application must be refused; empty when it may be accepted.

    **Source:** Measures Art. 31; Food Safety Law Art. 88.
    """
    found = []
    if application.asks_microbiological:
        found.append(RefusalReason.MICROBIOLOGICAL)
    if application.backup_until is not None and application.applied_on > application.backup_until:
        found.append(RefusalReason.BACKUP_EXPIRED)
    if application.recheck_until is None or application.applied_on > application.recheck_until:
        found.append(RefusalReason.LATE)
    if not application.has_backup:
        found.append(RefusalReason.BACKUP_UNFIT)
    return found


def ticket(seed: str, lab_id: UUID) -> str:
    """The lot of one laboratory: SHA-256 of `recheck1|seed|laboratory`, in hexadecimal."""
    return sha256(f"recheck1|{seed}|{lab_id}".encode()).hexdigest()


def draw_lab(seed: str, candidates: Iterable[UUID]) -> tuple[UUID, dict[str, str]]:
    """The laboratory with the lowest ticket, and every ticket, so that the lot can be drawn again.

    Raises:
        ValueError: nobody to draw from.
    """
    tickets = {str(lab_id): ticket(seed, lab_id) for lab_id in sorted(candidates)}
    if not tickets:
        raise ValueError("a lot needs at least one laboratory")
    drawn = min(tickets, key=lambda lab_id: (tickets[lab_id], lab_id))
    return UUID(drawn), tickets


def verdict_after(
    failed_first: Collection[UUID], asked: Collection[UUID], rechecked: Mapping[UUID, ItemVerdict]
) -> SampleVerdict:
    """What a sample is after its recheck: a pass only when nothing that failed first still fails.

    Args:
        failed_first: worklist lines that failed in the first test.
        asked: those whose recheck was asked for; the others keep their first verdict.
        rechecked: what the recheck laboratory found for each line asked for.

    Raises:
        ValueError: a line asked for has no result that decides.
    """
    for line in asked:
        if rechecked.get(line) not in {ItemVerdict.PASS, ItemVerdict.FAIL}:
            raise ValueError(f"line {line} was asked for and is not decided")
    still = set(failed_first) - set(asked)
    still |= {line for line in asked if rechecked[line] is ItemVerdict.FAIL}
    return SampleVerdict.FAIL if still else SampleVerdict.PASS
