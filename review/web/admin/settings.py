"""Settings: what counts, where it comes from, and changing what may change while the desk runs."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug import Response
from wtforms import HiddenField, StringField

from review import clock, db
from review.actions import settings as setting_actions
from review.domain.permissions import Permission
from review.errors import InvalidInput, NotFound, StaleVersion
from review.queries import settings
from review.queries.settings import SettingInUse
from review.setting_table import SETTINGS
from review.web import errors, guard, running
from review.web.texts import gettext
from review.web.times import duration
from review.web.words import word_of

LONGEST = 10_000
TARGETS = frozenset(
    {"REVIEW_TARGET_SECONDS", "REVIEW_TARGET_FLAGGER_SECONDS", "REVIEW_TARGET_THREAT_SECONDS"}
)

blueprint = Blueprint("admin_settings", __name__)


class SettingForm(FlaskForm):
    """The new value as text, and the version that the person saw."""

    value = StringField(lazy_gettext("New value"))
    version = HiddenField()


@blueprint.get("/admin/settings")
@guard.access(Permission.CHANGE_SETTINGS)
def listing() -> str:
    """What may change here, and the names of what only the environment sets."""
    found = settings.settings_in_use(db.session(), environment=running.environment_settings())
    return render_template(
        "admin/settings.html",
        settings=[_shown(one) for one in found],
        fixed=[setting for setting in SETTINGS if not setting.attribute],
    )


@blueprint.get("/admin/settings/<name>")
@guard.access(Permission.CHANGE_SETTINGS)
def page(name: str) -> str:
    """One setting with its form."""
    found = _found(name)
    return _page(found, SettingForm(formdata=None, value=found.text, version=str(found.version)))


@blueprint.post("/admin/settings/<name>")
@guard.access(Permission.CHANGE_SETTINGS)
def change(name: str) -> Response | tuple[str, int]:
    """Let the value count, or with ``then=environment`` give the environment's back."""
    found, form = _found(name), SettingForm()
    back = request.form.get("then") == "environment"
    try:
        setting_actions.change_setting(
            name,
            None if back else (form.value.data or "")[:LONGEST],
            version=_version(form.version.data),
            environment=running.environment_settings(),
            actor=guard.actor(),
        )
    except (InvalidInput, StaleVersion) as error:
        form.value.errors = [error.detail.replace(name, f"{_word(name)} ({name})", 1)]
        form.version.data = str(found.version)  # the page shows what counts now: the next try is informed
        return _page(found, form), errors.status_of(error)
    running.refresh(at_once=True)
    flash(
        gettext("%(setting)s is changed. It counts everywhere within seconds.", setting=_word(name)), "done"
    )
    return redirect(url_for("admin_settings.listing"), 303)


def _found(name: str) -> SettingInUse:
    found = settings.setting_in_use(db.session(), name, environment=running.environment_settings())
    if found is None:
        raise NotFound("There is no setting of this name that can be changed here.")
    return found


def _version(text: str | None) -> int:
    if not text or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidInput("The form came back without its hidden field version; open the setting again.")
    return int(text)


def _word(name: str) -> str:
    return str(word_of(name, "setting"))


def _shown(found: SettingInUse) -> dict[str, Any]:
    """A setting as the pages show it, spans of time in words."""
    seconds = found.setting.name.endswith("_SECONDS") and found.text.isdigit()
    return {
        "name": found.setting.name,
        "word": _word(found.setting.name),
        "sentence": found.setting.sentence,
        "text": found.text,
        "span": duration(timedelta(seconds=int(found.text))) if seconds and int(found.text) >= 60 else "",
        "chosen": found.chosen,
        "changed_at": found.changed_at,
        "hint": _hint(found),
    }


def _hint(found: SettingInUse) -> str:
    """What may be written."""
    if found.setting.attribute == "hosts":
        return gettext("Hosts with commas between; a leading dot takes the host and all below it.")
    if found.setting.attribute == "second_review_share":
        return gettext("A number from 0 to 1, such as 0.2 for one in five.")
    if found.setting.attribute == "over_broad_paths":
        return gettext("Paths with commas between, such as /channel/*; blank for none.")
    if found.setting.attribute == "fold_sender":
        return gettext("Of referral, notice and removal_order, with commas between; blank for none.")
    if found.setting.attribute == "comfort":
        return gettext("Any of blur and grey, and small or full, with commas between.")
    least, most = found.setting.least, found.setting.most
    return gettext("A whole number from %(least)s to %(most)s.", least=least, most=most)


def _due(found: SettingInUse, now: datetime) -> datetime | None:
    """When something received now would be due, for a target."""
    if found.setting.name not in TARGETS:
        return None
    return now + timedelta(seconds=int(found.text))


def _page(found: SettingInUse, form: SettingForm) -> str:
    now = clock.now()
    return render_template(
        "admin/setting.html", setting=_shown(found), form=form, due=_due(found, now), now=now
    )
