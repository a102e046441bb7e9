"""Sealing at the stall: numbers in, labels and receipt out."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from chain_of_custody import queries, services
from chain_of_custody.forms import SealForm, show_refusal
from chain_of_custody.types import PortionKind
from chain_of_custody.views.common import cards_of_sample, names_for
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.i18n import gettext as _
from lims.uow import unit_of_work
from lims.web.current import current_actor
from sampling.queries import get_form, get_sample

bp = Blueprint("seals", __name__, url_prefix="/field/samples")


@bp.route("/<uuid:sample_id>/seal", methods=["GET", "POST"])
@requires("custody.seal")
def seal(sample_id: UUID) -> ResponseReturnValue:
    """Seal the portions of a sample; afterwards the same address shows what was sealed, with its labels."""
    actor = current_actor()
    sample = get_sample(db.session, actor, sample_id)
    if sample.sampling_organisation_id != actor.organisation_id:
        raise NotFoundError
    paper = get_form(db.session, actor, sample_id)
    cards = cards_of_sample(db.session, sample_id)
    form = SealForm()
    if paper.backup_qty is None:
        form.without_backup()
    status = 200
    if not cards and form.validate_on_submit():
        try:
            with unit_of_work(actor) as uow:
                services.seal_portions(uow, sample_id, form.seals(), form.labels())
        except NotFoundError:
            raise
        except LimsError as refusal:
            show_refusal(form, refusal)
            status = int(refusal.status)
        else:
            flash(_("Sealed. Print the labels and put them on the portions."), "success")
            return redirect(url_for(".seal", sample_id=sample_id), 303)
    elif form.is_submitted():
        status = 409 if cards else 422
    return render_template(
        "chain_of_custody/seal.html",
        form=form,
        sample=sample,
        paper=paper,
        amounts=services.portion_amounts(paper),
        kinds=PortionKind,
        cards=cards,
        printed=queries.count_prints(db.session, sample_id),
        **names_for(db.session, [card.holder_id for card in cards], [sample.lab_id]),
    ), status
