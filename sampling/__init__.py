"""Plans, draws, tasks, sampling forms, samples, and the duties that keep the two sides apart."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register the pages, commands and checks of sampling."""
    from lims.auth.permissions import Role, declare
    from lims.demo import register_chapter
    from lims.erasure import register_subject
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check, register_report
    from lims.web import navigation
    from lims.web.api import register_api
    from sampling import (
        api,
        audit_views,
        cli,
        correction_views,
        demo,
        draw_views,
        evidence_panels,
        field_views,
        national_tasks,
        number_blocks,
        plan_views,
        register_views,
        sample_panels,
        sample_views,
        separation_report,
        separation_views,
        verification,
    )
    from sampling.erasure import SAMPLE
    from sampling.words import celsius_words, word_of

    declare("sampling.audit", {Role.AUDITOR})
    declare(
        "sampling.view",
        {
            Role.PLANNER,
            Role.SAMPLER,
            Role.ACCOMPANYING_OFFICER,
            Role.CUSTODIAN,
            Role.ENFORCEMENT_OFFICER,
            Role.AUDITOR,
        },
    )
    app.register_blueprint(audit_views.bp)
    app.register_blueprint(separation_views.bp)
    declare("sampling.field", {Role.SAMPLER, Role.ACCOMPANYING_OFFICER})
    declare("sampling.sample", {Role.SAMPLER})
    declare("sampling.plan", {Role.PLANNER})
    declare("sampling.void", {Role.SAMPLER, Role.PLANNER})
    declare("sampling.correct", {Role.SAMPLER, Role.PLANNER, Role.CUSTODIAN})
    for blueprint in api.BLUEPRINTS:
        register_api(app, blueprint)
    for pages in (plan_views, draw_views, register_views, field_views, correction_views):
        app.register_blueprint(pages.bp)
    app.register_blueprint(sample_views.bp)
    app.jinja_env.globals.update(word_of=word_of, celsius_words=celsius_words)
    national_tasks.init_app(app)
    number_blocks.init_app(app)
    sample_panels.register()
    evidence_panels.register()
    register_subject(SAMPLE)
    navigation.add_entry("plans.index", _l("Plans"), icon="plan", permission="sampling.plan", order=5)
    navigation.add_entry(
        "register.businesses", _l("Business register"), icon="store", permission="sampling.plan", order=12
    )
    navigation.add_entry("field.index", _l("Today's stops"), icon="map-pin", permission="sampling.field", order=20)
    navigation.add_entry(
        "samples.index", _l("Samples"), icon="tube", permission="sampling.view", order=30, begins_day=False
    )
    navigation.add_entry(
        "corrections.index", _l("Corrections"), icon="edit", permission="sampling.correct", order=31, begins_day=False
    )
    navigation.add_entry("refusals.index", _l("Refused attempts"), icon="split", permission="sampling.audit", order=92)
    navigation.add_entry(
        "separation.index", _l("Proof of separation"), icon="shield", permission="sampling.audit", order=93
    )
    app.cli.add_command(cli.plan_group)
    app.cli.add_command(cli.draw_group)
    for check in verification.SEPARATION:
        register_check("separation", check)
    register_report("separation", separation_report.write_report)
    for check in verification.SAMPLES:
        register_check("samples", check)
    register_chapter("sampling", 20, demo.live)
