"""The bundle an outsider checks with `lims/ledger/verify.py`."""

import zipfile
from pathlib import Path

from sqlalchemy.orm import Session

from lims.ledger.queries import list_checkpoints, stream_bodies
from lims.ledger.verify import SEPARATOR


def write_bundle(session: Session, path: Path, verifier_key: str) -> int:
    """Write all events, all heads and the verifier key to `path`; returns the number of events.

    The session should read one snapshot (REPEATABLE READ), so that events and heads belong together.
    """
    count = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        with bundle.open("events.jsonl", "w", force_zip64=True) as lines:
            for body in stream_bodies(session):
                lines.write(body.encode() + b"\n")
                count += 1
        notes = f"{SEPARATOR}\n".join(head.note for head in list_checkpoints(session))
        bundle.writestr("checkpoints.txt", notes)
        bundle.writestr("key.txt", verifier_key + "\n")
        bundle.write(Path(__file__).with_name("verify.py"), "verify.py")
    return count
