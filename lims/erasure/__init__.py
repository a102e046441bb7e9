"""Erasing personal data: asked for by an administrator, decided by an auditor, done by the owner's login.

The ledger holds personal values as salted digests. Erasing deletes the salts and replaces the values in their tables;
the digests stay in the chain and say nothing any more, so every proof still holds (PIPL Art. 47). What is printed in
stored papers stays, because their hashes are evidence.
"""

from typing import TYPE_CHECKING

from lims.erasure.subjects import Held, Place, SubjectKind, hold_personal_data, kind_of, register_subject, subject_kinds

if TYPE_CHECKING:
    from flask import Flask

__all__ = [
    "Held",
    "Place",
    "SubjectKind",
    "hold_personal_data",
    "init_app",
    "kind_of",
    "register_subject",
    "subject_kinds",
]


def init_app(app: "Flask") -> None:
    """Register what erasures bring, and the people of the ground floor as those who can be erased."""
    from lims.auth.permissions import Role, declare
    from lims.erasure import views
    from lims.erasure.verification import check_erased
    from lims.i18n import lazy_gettext as _l
    from lims.people.erasure import PERSON
    from lims.verification import register_check
    from lims.web import navigation

    declare("lims.see_erasures", {Role.ADMINISTRATOR, Role.AUDITOR})
    declare("lims.decide_erasures", {Role.AUDITOR})
    app.register_blueprint(views.bp)
    register_subject(PERSON)
    navigation.add_entry("erasures.index", _l("Erasures"), icon="trash", permission="lims.see_erasures", order=94)
    register_check("ledger", check_erased)
