"""Whether a recheck may be had, which laboratory does it, and what its results mean for the sample."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from lims.catalog.names import match_key
from results.recheck.types import (
    Eligibility,
    Exclusion,
    FeeBearer,
    ListedLab,
    LotFacts,
    Party,
    RecheckClock,
    RecheckState,
    RefusalReason,
)
from results.types import ItemVerdict
from sampling.types import SampleVerdict

# The program reads the end of a shelf life off the words of a form, and a person may have read more than it.
MAY_BE_OVERRULED = frozenset({RefusalReason.BACKUP_EXPIRED})
CLOCK_COLUMNS = {
    RecheckClock.DECIDE: "decide_due_at",
    RecheckClock.ASSIGN: "assign_due_at",
    RecheckClock.HANDOVER: "handover_due_at",
    RecheckClock.REPORT: "report_due_at",
}
# Dated rule parameters, in working days: how much later all extensions of a term together may let it end.
EXTENSION_PARAMETERS = {
    RecheckClock.DECIDE: "recheck_decide_extension",
    RecheckClock.ASSIGN: "recheck_assign_extension",
    RecheckClock.HANDOVER: "backup_handover_extension",
    RecheckClock.REPORT: "recheck_report_extension",
}


@dataclass(frozen=True, slots=True)
class Application:
    """Everything the decision on an application looks at.

    Attributes:
        applied_on: the local day on which the application came in.
        recheck_until: the applicant's last day; None where no service is recorded, so that no time has begun to run.
        asks_microbiological: one of the items asked for is microbiological.
        has_backup: a backup portion was kept, and is there still.
        backup_until: last day of the shelf life where the program knows it; None where it does not.
        asks_others: one of the items asked for is not microbiological.
        may_be_split: a mixed application may be accepted for what is not microbiological.
    """

    applied_on: date
    recheck_until: date | None
    asks_microbiological: bool
    has_backup: bool
    backup_until: date | None = None
    asks_others: bool = False
    may_be_split: bool = False


def refusals_of(application: Application) -> list[RefusalReason]:
    """The grounds on which an application is to be refused; empty when it may be accepted.

    A mixed application is no ground where it may be split: what is microbiological is left out of its acceptance.

    **Source:** Measures Art. 31; Food Safety Law Art. 88; domain.md §2.5 (partial).
    """
    found = []
    if application.asks_microbiological and not (application.asks_others and application.may_be_split):
        found.append(RefusalReason.MICROBIOLOGICAL)
    if application.backup_until is not None and application.applied_on > application.backup_until:
        found.append(RefusalReason.BACKUP_EXPIRED)
    if application.recheck_until is not None and application.applied_on > application.recheck_until:
        found.append(RefusalReason.LATE)
    if not application.has_backup:
        found.append(RefusalReason.BACKUP_UNFIT)
    return found


def eligibility_of(lab: ListedLab, facts: LotFacts) -> Eligibility:
    """Whether a laboratory of the list may be drawn; the first reason against it is named.

    **Source:** Food Safety Law Art. 88 (drawn at random, not the first laboratory); 抽检管理办法 Art. 34 (no interest
    link with the applicant); 食品安全法实施条例 Art. 79 (refusals without cause); product.md §4 (separation).
    """
    same = next((one for one in lab.group if is_same_party(one, facts.applicant)), None)
    found = (
        (lab.party_id == facts.first_party_id, Exclusion.FIRST_LABORATORY, ""),
        (lab.party_id in facts.sampling_party_ids, Exclusion.SAMPLING_SIDE, ""),
        (same is not None, Exclusion.APPLICANTS_GROUP, same.name if same else ""),
        (bool(lab.links), Exclusion.LINKED, "；".join(lab.links)),
        (lab.has_declined, Exclusion.DECLINED, ""),
        (lab.refusals >= facts.most_refusals, Exclusion.OFF_THE_LIST, str(lab.refusals)),
    )
    reason, fact = next(((reason, fact) for holds, reason, fact in found if holds), (None, ""))
    return Eligibility(lab.lab_id, reason, fact)


def is_same_party(one: Party, other: Party) -> bool:
    """Whether two records mean one body: by credit code where both have one, else by name."""
    if one.uscc and other.uscc:
        return one.uscc == other.uscc
    return match_key(one.name) == match_key(other.name)


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


def running_clock(state: RecheckState, ends: Mapping[RecheckClock, datetime | None]) -> RecheckClock | None:
    """Which term runs now; None where nothing is waited for, or its end is not known yet.

    The report is due from the reception of the backup portion on, and until then the portion is.
    """
    if state is RecheckState.APPLIED:
        return RecheckClock.DECIDE
    if state is RecheckState.ACCEPTED and ends.get(RecheckClock.ASSIGN):
        return RecheckClock.ASSIGN
    if state is RecheckState.ASSIGNED:
        return RecheckClock.REPORT if ends.get(RecheckClock.REPORT) else RecheckClock.HANDOVER
    return None


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


def bearer_of(rechecked: Collection[ItemVerdict]) -> FeeBearer:
    """Who bears the fee: the applicant where an item that was tested again failed again, else the regulator.

    It is the recheck that counts, not the sample: what was left out of it (a microbiological item) is nobody's proof. A
    recheck that ended without a result costs the applicant nothing.

    **Source:** 食品安全法实施条例 Art. 42; domain.md §2.5.
    """
    return FeeBearer.APPLICANT if ItemVerdict.FAIL in rechecked else FeeBearer.REGULATOR


def is_settled(amount: Decimal | None, advanced_on: date | None) -> bool:
    """Whether testing may begin as far as the fee goes: nothing is owed, or it is advanced."""
    return amount is not None and (amount == 0 or advanced_on is not None)


def needs_reason(first: str, used: str) -> bool:
    """Whether a method is another than that of the first test, however both are spelled."""
    written, other = (match_key(unicodedata.normalize("NFKC", name)) for name in (first, used))
    return written != other
