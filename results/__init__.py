"""Worklists, entry, judgement, reports, conclusions; recheck, referral and publication."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what this package brings."""
    from chain_of_custody.keeping.sources import register_conclusion_reader
    from instruments.queries import register_worklists
    from lims.auth.permissions import Role, declare
    from lims.demo import Part, register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.runtime import settings_of
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from results import (
        api,
        blind_checks,
        demo,
        environment,
        evidence,
        expiry,
        national,
        nonconforming,
        objections,
        panels,
        preparations,
        publication,
        quality,
        raw_data,
        raw_records,
        recheck,
        referral,
        settlement,
        subscribers,
        urgent,
        verification,
        views,
    )
    from results.cli import results_group
    from results.queries import asked_at_bench
    from results.queries.keeping import conclusions_of
    from results.rules.findings import with_unit
    from results.rules.formulas import get_formula
    from results.services import composition

    declare("results.test", {Role.TESTER})
    declare("results.review", {Role.REVIEWER})
    declare("results.bench", {Role.TESTER, Role.REVIEWER})
    declare("results.sign", {Role.SIGNATORY})
    declare("results.conclude", {Role.REVIEWER, Role.SIGNATORY})
    for blueprint in views.BLUEPRINTS:
        app.register_blueprint(blueprint)
    for described in api.BLUEPRINTS:
        register_api(app, described)
    navigation.add_entry("bench.index", _l("Bench"), icon="flask", permission="results.test", order=50)
    navigation.add_entry("review.index", _l("Review"), icon="review", permission="results.review", order=60)
    navigation.add_public_entry("checks.start", _l("Check a report"), order=30)
    navigation.add_entry("reports.index", _l("Sign reports"), icon="sign", permission="results.sign", order=65)
    panels.register()
    app.jinja_env.globals.update(formula_of=get_formula, with_unit=with_unit)
    app.cli.add_command(results_group)
    composition.configure(settings_of(app).public_url)
    subscribers.register()
    register_worklists(asked_at_bench)
    register_conclusion_reader(conclusions_of)
    for check in verification.VERDICTS:
        register_check("verdicts", check)
    for check in verification.SIGNATURES:
        register_check("signatures", check)
    register_chapter("results", 40, demo.live, Part.DOWNSTREAM)
    parts = (
        blind_checks,
        quality,
        environment,
        expiry,
        nonconforming,
        preparations,
        raw_data,
        raw_records,
        referral,
        recheck,
        urgent,
        settlement,
        objections,
        publication,
        national,
        evidence,
    )
    for part in parts:
        part.init_app(app)
