"""What a sample is tested for, as the package that keeps the worklists says.

The worklists stand above the instruments, which know nothing of them: whoever keeps them registers here how to read
them. Without anybody there is nothing to compare a reading with.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy.orm import Session

from instruments.types import Asked

Provider = Callable[[Session, Collection[str]], Mapping[str, Sequence[Asked]]]
"""By blind code what its sample is tested for; a code without a worklist is left out."""

_providers: list[Provider] = []


def register_worklists(provider: Provider) -> None:
    """Compare readings with these worklists, in place of what was registered before."""
    _providers[:] = [provider]


def asked_of(session: Session, codes: Collection[str]) -> Mapping[str, Sequence[Asked]]:
    """What the samples of these blind codes are tested for."""
    return _providers[0](session, codes) if _providers and codes else {}
