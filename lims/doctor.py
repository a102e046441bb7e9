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
from lims.i18n import gettext as _
from lims.i18n import load_translations
from lims.postgres import N_
from lims.runtime import database_urls, disconnect

OUR_NAMES = ("app", "lims", "citizen_votes", "sampling", "chain_of_custody", "instruments", "results")
DISTRIBUTION = "fenjian"
MIN_FREE_BYTES = 1_000_000_000  # a day of photos of a busy team


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at; `what` stays English for programs, the rest is in the reader's language."""

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
        f"{name} ({', '.join(sorted(set(owners.get(name, [])) - {DISTRIBUTION}))})"
        for name in OUR_NAMES
        if set(owners.get(name, [])) - {DISTRIBUTION}
    )
    elsewhere = sorted(
        name for name in OUR_NAMES if root not in Path(str(importlib.import_module(name).__file__)).parents
    )
    if strangers or elsewhere:
        return Diagnosis(
            N_("names"),
            ok=False,
            detail=_("owned by another package: %(names)s", names="; ".join([*strangers, *elsewhere])),
            remedy=_("Install Fenjian in a virtual environment of its own: python3 -m venv .venv"),
        )
    return Diagnosis(N_("names"), ok=True, detail=_("all seven top-level names are ours"))


def _home(settings: Settings) -> Diagnosis:
    parent = settings.home
    while not parent.exists():
        parent = parent.parent
    free = shutil.disk_usage(parent).free
    if free < MIN_FREE_BYTES:
        return Diagnosis(
            N_("home"),
            ok=False,
            detail=_(
                "%(home)s has %(free)s MB left, expected %(least)s MB",
                home=str(settings.home),
                free=free // 1_000_000,
                least=MIN_FREE_BYTES // 1_000_000,
            ),
            remedy=_("Free some space, or point LIMS_HOME at another disk."),
        )
    return Diagnosis(
        N_("home"), ok=True, detail=_("%(home)s, %(free)s MB free", home=str(settings.home), free=free // 1_000_000)
    )


def _languages() -> Diagnosis:
    if load_translations("zh_Hans_CN").gettext("Log in") == "Log in":
        return Diagnosis(
            N_("languages"),
            ok=False,
            detail="the Chinese catalogues are missing · 缺少中文语言文件",
            remedy="pip install --force-reinstall fenjian",
        )
    return Diagnosis(N_("languages"), ok=True, detail=_("Chinese and English"))


def _database(settings: Settings) -> list[Diagnosis]:
    try:
        urls = database_urls(settings)
    except ClusterError as error:
        return [
            Diagnosis(
                N_("database"),
                ok=False,
                detail=_(error.message, **error.facts),
                remedy=_("See docs/deployment.md, section Database."),
            )
        ]
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
                N_("database"),
                ok=False,
                detail=str(error.__cause__ or error).strip(),
                remedy=_("Check LIMS_DATABASE_URL and that the server runs."),
            )
        ]
    finally:
        engine.dispose()
    found = [Diagnosis(N_("database"), ok=True, detail=f"PostgreSQL {version}")]
    if mighty:
        found.append(
            Diagnosis(
                N_("database role"),
                ok=False,
                detail=_("the application's login owns tables or is a superuser, so it could rewrite the ledger"),
                remedy=_("Give LIMS_DATABASE_URL the login lims_app, which owns nothing (docs/deployment.md)."),
            )
        )
    differences = migrate.differences(urls.owner)
    if differences:
        found.append(
            Diagnosis(N_("schema"), ok=False, detail="; ".join(differences[:3]), remedy=_("Run: lims db upgrade"))
        )
    else:
        found.append(
            Diagnosis(N_("schema"), ok=True, detail=_("revision %(revision)s", revision=migrate.head_revision()))
        )
    return found


def _printing() -> Diagnosis:
    try:
        importlib.import_module("typst")
    except ImportError as error:
        return Diagnosis(N_("printing"), ok=False, detail=str(error), remedy="pip install typst pylopdf-fonts-zh-cn")
    return Diagnosis(N_("printing"), ok=True, detail="typst")
