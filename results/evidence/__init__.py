"""What the laboratory, and what followed it, bring to the page of a sample's whole evidence."""

from flask import Flask


def init_app(_app: Flask) -> None:
    """Register the parts of the page, in the order of the path of a sample."""
    from chain_of_custody.panels import custody_panel
    from lims.web.panels import register_panel
    from results.evidence import panels
    from results.objections.panels import objections_panel
    from results.publication.panels import publication_panel
    from results.recheck.panels import recheck_panel
    from results.referral.pages import sample_panel
    from results.urgent.panels import urgent_panel
    from sampling.evidence_panels import SUBJECT

    for order, maker in (
        (30, custody_panel),
        (40, panels.results_panel),
        (42, panels.readings_panel),
        (43, panels.raw_data_panel),
        (44, panels.quality_panel),
        (46, panels.environment_panel),
        (50, panels.signing_panel),
        (58, urgent_panel),
        (60, sample_panel),
        (62, recheck_panel),
        (68, objections_panel),
        (70, publication_panel),
    ):
        register_panel(SUBJECT, order, maker)
