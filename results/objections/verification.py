"""`lims verify referrals`: what was decided about an objection follows from what stands beside it."""

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lims.verification import Finding
from results.objections.models import Objection
from results.objections.rules import consequence_of

# Whoever acted on the sample decides nothing about it.
DECIDED_BY_THE_INVOLVED = text(
    """
    SELECT objection.id FROM objection
    JOIN duty_act act ON act.sample_id = objection.sample_id
      AND act.person_id IN (objection.decided_by_id, objection.reviewed_by_id)
    """
)
# A case that an upheld objection took back is withdrawn.
NOT_WITHDRAWN = text(
    """
    SELECT objection.id FROM objection JOIN referral ON referral.id = objection.referral_id
    WHERE objection.consequence = 'case_withdrawn' AND referral.withdrawn_at IS NULL
    """
)


def check_objections(session: Session) -> Finding:
    """Independent deciders, and consequences that follow from kind and outcome."""
    finding = Finding("objections are decided by who did not act on the sample, and have their consequence")
    for objection in session.scalars(select(Objection)):
        finding.checked += 1
        if objection.outcome is None:
            continue
        possible = {consequence_of(objection.kind, objection.outcome, has_case=has_case) for has_case in (True, False)}
        if objection.consequence not in possible:
            finding.violate("objection", str(objection.id), "consequence")
    for (key,) in session.execute(DECIDED_BY_THE_INVOLVED):
        finding.violate("objection", str(key), "reviewed_by_id")
    for (key,) in session.execute(NOT_WITHDRAWN):
        finding.violate("objection", str(key), "consequence")
    return finding
