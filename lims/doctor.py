"""`lims doctor`: what is wrong with this installation, and how to mend it."""

import importlib
import importlib.metadata
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from lims import migrate
from lims.cluster import ClusterError
from lims.config import Settings
from lims.i18n import load_translations
from lims.runtime import database_urls, disconnect

OUR_NAMES = ("app", "lims", "citizen_votes", "sampling", "chain_of_custody", "instruments", "results")
DISTRIBUTION = "fenjian"
MIN_FREE_BYTES = 1_000_000_000  # a day of photos of a busy team


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def examine(settings: Settings) -> list[Diagnosis]:
    """Look at everything that must be right before the program serves."""
    findings = [_names(), _home(settings), _languages(), *_database(settings), _printing()]
    disconnect()
    return findings


def _names() -> Diagnosis:
    """Another distribution that owns one of our top-level names would overwrite our files, or delete them."""
    owners = importlib.metadata.packages_distributions()
    root = Path(__file__).parents[1]
    strangers = sorted(
        f"{name} (from {', '.join(sorted(set(owners.get(name, [])) - {DISTRIBUTION}))})"
        for name in OUR_NAMES
        if set(owners.get(name, [])) - {DISTRIBUTION}
    )
    elsewhere = sorted(
        name for name in OUR_NAMES if root not in Path(str(importlib.import_module(name).__file__)).parents
    )
    if strangers or elsewhere:
        return Diagnosis(
            "names",
            ok=False,
            detail="owned by another package: " + "; ".join([*strangers, *elsewhere]),
            remedy="Install Fenjian in a virtual environment of its own: python3 -m venv .venv",
        )
    return Diagnosis("names", ok=True, detail="all seven top-level names are ours")


def _home(settings: Settings) -> Diagnosis:
    parent = settings.home
    while not parent.exists():
        parent = parent.parent
    free = shutil.disk_usage(parent).free
    if free < MIN_FREE_BYTES:
        return Diagnosis(
            "home",
            ok=False,
            detail=f"{settings.home} has {free // 1_000_000} MB left, expected {MIN_FREE_BYTES // 1_000_000} MB",
            remedy="Free some space, or point LIMS_HOME at another disk.",
        )
    return Diagnosis("home", ok=True, detail=f"{settings.home}, {free // 1_000_000} MB free")


def _languages() -> Diagnosis:
    if load_translations("zh_Hans_CN").gettext("Log in") == "Log in":
        return Diagnosis(
            "languages",
            ok=False,
            detail="the Chinese catalogues are missing",
            remedy="Install the package again: pip install --force-reinstall fenjian",
        )
    return Diagnosis("languages", ok=True, detail="Chinese and English")


def _database(settings: Settings) -> list[Diagnosis]:
    try:
        urls = database_urls(settings)
    except ClusterError as error:
        return [Diagnosis("database", ok=False, detail=str(error), remedy="See docs/deployment.md, section Database.")]
    engine = create_engine(urls.app, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            version = str(connection.scalar(text("SHOW server_version")))
            mighty = connection.scalar(
                text(
                    "SELECT rolsuper OR rolbypassrls OR EXISTS (SELECT FROM pg_class c JOIN pg_namespace n"
                    " ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relowner = r.oid)"
                    " FROM pg_roles r WHERE rolname = current_user"
                )
            )
    except SQLAlchemyError as error:
        return [
            Diagnosis(
                "database",
                ok=False,
                detail=str(error.__cause__ or error).strip(),
                remedy="Check LIMS_DATABASE_URL and that the server runs.",
            )
        ]
    finally:
        engine.dispose()
    found = [Diagnosis("database", ok=True, detail=f"PostgreSQL {version}")]
    if mighty:
        found.append(
            Diagnosis(
                "database role",
                ok=False,
                detail="the application's login owns tables or is a superuser, so it could rewrite the ledger",
                remedy="Give LIMS_DATABASE_URL the login lims_app, which owns nothing (docs/deployment.md).",
            )
        )
    differences = migrate.differences(urls.owner)
    if differences:
        found.append(Diagnosis("schema", ok=False, detail="; ".join(differences[:3]), remedy="Run: lims db upgrade"))
    else:
        found.append(Diagnosis("schema", ok=True, detail=f"revision {migrate.head_revision()}"))
    return found


def _printing() -> Diagnosis:
    try:
        importlib.import_module("typst")
    except ImportError as error:
        return Diagnosis("printing", ok=False, detail=str(error), remedy="pip install typst pylopdf-fonts-zh-cn")
    return Diagnosis("printing", ok=True, detail="typst")
