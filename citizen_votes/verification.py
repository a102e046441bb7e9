"""I10 over the whole database: one ballot per tag, ballots that fit their commitment, and a tally that counts again."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.verification import Finding

UNEQUAL = sa.text(
    """
    SELECT r.id, coalesce(t.n, 0) AS tags, coalesce(b.n, 0) + coalesce(i.n, 0) AS ballots
    FROM pick_round r
    LEFT JOIN (SELECT round_id, count(*) AS n FROM voter_tag GROUP BY round_id) t ON t.round_id = r.id
    LEFT JOIN (SELECT round_id, count(*) AS n FROM ballot GROUP BY round_id) b ON b.round_id = r.id
    LEFT JOIN (SELECT round_id, count(*) AS n FROM ballot_inbox GROUP BY round_id) i ON i.round_id = r.id
    ORDER BY r.id
    """
)
UNCOMMITTED = sa.text(
    r"""
    WITH every AS (
        SELECT 'ballot' AS place, id, round_id, choices, nonce, commitment FROM ballot
        UNION ALL SELECT 'ballot_inbox', id, round_id, choices, nonce, commitment FROM ballot_inbox
    )
    SELECT place, id, commitment = sha256('\x00'::bytea || convert_to(
        round_id || '|' || coalesce(nullif(array_to_string(choices, ','), ''), '-') || '|' || encode(nonce, 'hex'),
        'UTF8')) AS fits
    FROM every ORDER BY place, id
    """
)
MISCOUNTED = sa.text(
    """
    WITH again AS (
        SELECT b.round_id, stratum, b.tier, count(*) AS approvals
        FROM ballot b JOIN pick_round r ON r.id = b.round_id AND r.state IN ('counted', 'sealed'),
        unnest(b.choices) AS stratum GROUP BY b.round_id, stratum, b.tier
    )
    SELECT round_id, stratum, tier, t.approvals IS NOT DISTINCT FROM a.approvals AS fits
    FROM tally_row t FULL JOIN again a USING (round_id, stratum, tier) ORDER BY round_id, stratum, tier
    """
)


def check_one_ballot_per_tag(session: Session) -> Finding:
    """As many ballots as voters, in every round."""
    finding = Finding("I10 one ballot per voter tag and round")
    for round_id, tags, ballots in session.execute(UNEQUAL):
        finding.checked += tags
        if tags != ballots:
            finding.violate("voter_tag", f"round_id={round_id}", "tag")
    return finding


def check_commitments(session: Session) -> Finding:
    """Every ballot hashes to the commitment its voter holds."""
    finding = Finding("I10 every ballot fits its commitment")
    for place, ballot_id, fits in session.execute(UNCOMMITTED):
        finding.checked += 1
        if not fits:
            finding.violate(place, f"id={ballot_id}", "choices")
    return finding


def check_tallies(session: Session) -> Finding:
    """Counting the ballots again gives the tally."""
    finding = Finding("I10 every tally counts again to the same figures")
    for round_id, stratum, tier, fits in session.execute(MISCOUNTED):
        finding.checked += 1
        if not fits:
            finding.violate("tally_row", f"round_id={round_id}|stratum={stratum}|tier={tier}", "approvals")
    return finding
