"""The garbage collector rests while things are made that stay.

It walks through everything that is alive whenever enough was added. Modules, tables, mappers and schemas are added by
the ten thousand and never go, so that a quarter of a start went into looking for what cannot be found.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 100_000  # objects that may gather before they are looked through


@contextmanager
def making_what_stays() -> Iterator[None]:
    """Collect nothing until the block ends."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Collect seldom, and never what stands already: for work that makes much and ends soon."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def keep_what_stands() -> None:
    """Leave what was made so far out of every later walk, and walk seldom: for a process that serves, once it is ready.

    Without this, taking in a file of a thousand results spends half its time walking through the mappers, and a fifth
    walking through its own rows, which live until the commit.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM)
