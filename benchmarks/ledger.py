"""The ledger by itself: clients who write at once, and an export checked offline (chains, leaves, heads)."""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

import lims.ledger.verify
from benchmarks.harness import CLIENTS, Measure, at_once, installation, percentile
from lims import clock
from lims.actors import INSTALL
from lims.db import db
from lims.ledger.chain import Stamp, append
from lims.ledger.export import write_bundle
from lims.ledger.sequencer import load_signer, seal_head
from lims.uow import unit_of_work

CHAINS, ROUNDS = 1_000, 100
TRANSACTIONS = 2_000
OTHER_WORK_S = 0.02  # of a transaction, while it holds the heads of its chains
VERIFIER = Path(lims.ledger.verify.__file__)


def measure() -> list[Measure]:
    """Events written at once, appended and verified a second."""
    return [*_written_at_once(), *_verified()]


def _written_at_once() -> list[Measure]:
    """One event a transaction of 20 ms that holds its lock all the while, each sample's chain for itself.

    Beside the same on one chain for everything, where whoever writes waits for everybody before.
    """
    with installation():
        rate, took = at_once(lambda number: _write_slowly(f"bench:{number}"), TRANSACTIONS)
        one_chain, _took = at_once(lambda _number: _write_slowly("bench:all"), TRANSACTIONS // 10)
    return [
        Measure(f"business events of 20 ms, {CLIENTS} clients", rate, "/s", "≥ 300/s"),
        Measure("  p99", percentile(took, 0.99), "ms", "< 100 ms"),
        Measure("  the same on one chain for everything", one_chain, "/s", ""),
    ]


def _write_slowly(chain: str) -> None:
    with db.new_session() as session:
        append(session, Stamp(clock.now(), "system:bench", None, None), [(chain, {"name": "bench.rang.v1"})], [])
        session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": OTHER_WORK_S})
        session.commit()


def _verified() -> list[Measure]:
    with installation(), tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        for number in range(ROUNDS):
            facts = [(f"bench:{chain}", {"name": "bench.rang.v1", "round": number}) for chain in range(CHAINS)]
            session = db.new_session()
            append(session, Stamp(clock.now(), "system:bench", None, None), facts, [])
            session.commit()
            session.close()
        appended = CHAINS * ROUNDS / (time.perf_counter() - begun)
        signer = load_signer(Path(folder) / "ledger.pem", "fenjian/bench")
        with unit_of_work(INSTALL) as uow:
            while seal_head(uow, signer) is not None:
                pass
        bundle = Path(folder) / "bundle.zip"
        with db.snapshot() as session:
            events = write_bundle(session, bundle, signer.verifier_key)
        begun, used = time.perf_counter(), _processor_seconds()
        # As a stranger does, with the start of the interpreter and the processes that share the work.
        subprocess.run([sys.executable, "-I", str(VERIFIER), str(bundle)], check=True, capture_output=True)  # noqa: S603
        took, worked = time.perf_counter() - begun, _processor_seconds() - used
        return [
            Measure("ledger events appended, 1 client", appended, "/s", ""),
            Measure("ledger events verified offline", events / took, "/s", "≥ 50,000/s"),
            # What neighbours on the same machine take away from the clock they do not take from this.
            Measure("ledger events verified offline, processor time", events / worked, "/s", "≥ 50,000/s"),
        ]


def _processor_seconds() -> float:
    """What all processes that were started and have ended used of the processors."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
