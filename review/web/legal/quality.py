"""Quality review: samples of decided cases, drawn and judged by leads, and read by legal too."""

from collections.abc import Iterator, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock, db
from review.actions import quality as quality_actions
from review.domain.ids import read_id
from review.domain.permissions import Permission, can
from review.domain.sampling import LONGEST_REMARK, MOST_DRAWN
from review.errors import AlreadyClosed, InvalidInput, NotFound
from review.queries.quality import CaseToJudge, EntryListed, Sample, sample_of, samples_listed
from review.web import guard
from review.web.errors import status_of
from review.web.legal.quality_charts import error_chart, findings_of, stratum_words
from review.web.legal.quality_form import DrawForm, JudgeForm, draw_form, judge_form, typed_draw
from review.web.legal.record_evidence import pieces_in_record
from review.web.texts import gettext
from review.web.typed import blame, text_of

blueprint = Blueprint("legal_quality", __name__, url_prefix="/quality")


@blueprint.get("")
@guard.access(Permission.SEE_QUALITY)
def listing() -> str:
    """The samples, and for leads the form that draws one."""
    return _listing(draw_form(today=clock.now().date()))


def _listing(form: DrawForm, others: Sequence[str] = ()) -> str:
    return render_template(
        "legal/quality.html",
        form=form if can(guard.actor(), Permission.JUDGE_QUALITY) else None,
        refused=form,
        others=others,
        most=MOST_DRAWN,
        samples=samples_listed(db.session()),
        now=clock.now(),
    )


@blueprint.post("/samples")
@guard.access(Permission.JUDGE_QUALITY)
def draw() -> Response | tuple[str, int]:
    """Draw a sample; the same seed, days and size lead to the one that was drawn before."""
    form = DrawForm()
    try:
        drawn = quality_actions.draw_quality_sample(typed_draw(form), actor=guard.actor())
    except InvalidInput as error:
        others = () if form.errors and not error.errors else blame(form, error)
        return _listing(form, others), status_of(error)
    if drawn.new:
        flash(gettext("Sample drawn. Its seed stands below."), "done")
    else:
        flash(gettext("This sample was drawn before, from the same seed, days and size. Here it is."), "note")
    return redirect(url_for(".sample", sample_id=drawn.sample_id), 303)


@blueprint.get("/samples/<sample_id>")
@guard.access(Permission.SEE_QUALITY)
def sample(sample_id: str) -> str:
    """How it was drawn, what is in it, what was found."""
    found, judges = _wanted(sample_id), can(guard.actor(), Permission.JUDGE_QUALITY)
    following = next(_to_judge(found), None) if judges else None
    return render_template(
        "legal/quality_sample.html",
        sample=found,
        judges=judges,
        following=following,
        chart=error_chart(found.results) if found.judged else None,
        findings=findings_of(found),
        strata={one.share.stratum: stratum_words(one.share.stratum) for one in found.results},
    )


@blueprint.get("/samples/<sample_id>/<decision_id>")
@guard.access(Permission.JUDGE_QUALITY)
def decision(sample_id: str, decision_id: str) -> str:
    """One case of the sample with its reviews, and the form; reading it is an event on the trail."""
    return decision_page(*wanted_entry(sample_id, decision_id), typed=False)


@blueprint.post("/samples/<sample_id>/<decision_id>")
@guard.access(Permission.JUDGE_QUALITY)
def judge(sample_id: str, decision_id: str) -> Response | tuple[str, int]:
    """Record what was found; what is wrong comes back at its field, and the text is kept."""
    wanted, entry = wanted_entry(sample_id, decision_id)
    remark = text_of("remark").replace("\r\n", "\n").strip()
    actor = guard.actor()
    try:
        quality_actions.judge_decision(wanted.id, entry.decision_id, text_of("finding"), remark, actor=actor)
    except InvalidInput as error:
        form = judge_form(entry.stratum.outcome, typed=True)
        others = blame(form, error)
        found = quality_actions.open_drawn_case(wanted.id, entry.decision_id, actor=actor)
        return _decision(wanted, entry, found, form, others), status_of(error)
    except AlreadyClosed as error:
        return closed_page(wanted, entry, error)
    flash(gettext("Recorded for %(id)s.", id=entry.case_id), "done")
    following = next(_to_judge(wanted, but=entry.decision_id), None)
    if request.form.get("then") == "next" and following is not None:
        return redirect(url_for(".decision", sample_id=wanted.id, decision_id=following.decision_id), 303)
    return redirect(url_for(".sample", sample_id=wanted.id), 303)


def decision_page(wanted: Sample, entry: EntryListed, *, typed: bool) -> str:
    """The page on which an entry is judged, an event on the trail; ``typed``: with what its form brought."""
    found = quality_actions.open_drawn_case(wanted.id, entry.decision_id, actor=guard.actor())
    return _decision(wanted, entry, found, judge_form(found.outcome, typed=typed))


def closed_page(wanted: Sample, entry: EntryListed, error: AlreadyClosed) -> tuple[str, int]:
    """Somebody else judged the entry meanwhile: what was typed, to be copied, and nothing of the case."""
    form = judge_form(entry.stratum.outcome, typed=True)
    return _decision(wanted, entry, None, form, (error.detail,)), status_of(error)


def _decision(
    wanted: Sample,
    entry: EntryListed,
    found: CaseToJudge | None,
    form: JudgeForm,
    others: Sequence[str] = (),
) -> str:
    """The page; without a case it was judged meanwhile, and what was typed is there to copy."""
    return render_template(
        "legal/quality_case.html",
        sample=wanted,
        entry=entry,
        stratum=stratum_words(entry.stratum),
        case=found,
        pieces={} if found is None else pieces_in_record(found.id, found.evidence),
        form=form,
        others=others,
        longest=LONGEST_REMARK,
        last=next(_to_judge(wanted, but=entry.decision_id), None) is None,
        now=clock.now(),
    )


def _wanted(sample_id: str) -> Sample:
    wanted = read_id(sample_id, "Y")
    found = None if wanted is None else sample_of(db.session(), wanted, account_id=guard.actor().account_id)
    if found is None:
        raise NotFound("There is no such sample; open it from the list.")
    return found


def wanted_entry(sample_id: str, decision_id: str) -> tuple[Sample, EntryListed]:
    """The sample at an address and the entry in it; raises `NotFound`."""
    wanted = _wanted(sample_id)
    entry = next((one for one in wanted.entries if one.decision_id == decision_id), None)
    if entry is None:
        raise NotFound("This decision is not in the sample; open it from there.")
    return wanted, entry


def _to_judge(found: Sample, *, but: str = "") -> Iterator[EntryListed]:
    """The entries that this person may judge yet, in their order."""
    return (one for one in found.entries if one.finding is None and not one.own and one.decision_id != but)
