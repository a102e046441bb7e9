"""The papers of a recheck in the evidence package of its case."""

from sqlalchemy.orm import Session

from lims.files import read_file
from results.recheck import queries
from results.recheck.models import Recheck
from results.referral.models import Referral
from results.referral.papers import SUFFIXES, PackedFile, as_json, row_facts


def evidence_of(session: Session, referral: Referral) -> list[PackedFile]:
    """Every recheck of a case: application, decision, lots, terms, reception with its photos, results, conclusion.

    **Source:** domain.md §8 (recheck and objection papers).
    """
    return [file for recheck in queries.rechecks_of(session, referral.id) for file in _papers(session, recheck)]


def _papers(session: Session, recheck: Recheck) -> list[PackedFile]:
    receipt = queries.receipt_of(session, recheck.id)
    conclusion = queries.conclusion_of(session, recheck.id)
    fee = queries.fee_of(session, recheck.id)
    results = queries.standing_recheck_results(session, recheck.id)
    facts = {
        "recheck": row_facts(recheck),
        "declines": [row_facts(one) for one in queries.declines_of(session, recheck.id)],
        "extensions": [row_facts(one) for one in queries.extensions_of(session, recheck.id)],
        "receipt": row_facts(receipt) if receipt else None,
        "results": [row_facts(results[line]) for line in sorted(results)],
        "watches": [row_facts(one) for one in queries.watches_of(session, recheck.id)],
        "fee": row_facts(fee) if fee else None,
        "conclusion": row_facts(conclusion) if conclusion else None,
    }
    folder = f"rechecks/{recheck.recheck_no}"
    packed = [PackedFile(f"{folder}.json", as_json(facts))]
    stored = []
    if receipt is not None:
        stored += [("package", receipt.package_photo_sha256), ("seal", receipt.seal_photo_sha256)]
    if conclusion is not None and conclusion.report_sha256 is not None:
        stored.append(("report", conclusion.report_sha256))
    for name, sha256 in stored:
        content, media_type = read_file(session, sha256)
        packed.append(PackedFile(f"{folder}-{name}.{SUFFIXES[media_type]}", content))
    return packed
