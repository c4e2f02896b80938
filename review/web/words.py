"""The words people read for the codes we store: one closed table, one family of codes each."""

from review.web.endpoint_words import ENDPOINT_WORDS
from review.web.file_words import FILE_WORDS
from review.web.marked import N_
from review.web.office_words import OFFICE_WORDS
from review.web.texts import gettext

WORDS: dict[str, dict[str, str]] = (
    {
        "first_look": {
            "small": N_("A small picture first"),
            "full": N_("The whole picture at once"),
        },
        "state": {
            "open": N_("Open"),
            "second_review": N_("Second review"),
            "resolving": N_("Resolving"),
            "decided": N_("Decided"),
            "withdrawn": N_("Withdrawn"),
            "waiting_sender": N_("Waiting for sender"),
            "escalated": N_("With legal"),
            "complaint": N_("Complaint"),
            "recorded": N_("Recorded by you"),
        },
        "item": {
            "received": N_("Received"),
            "in_review": N_("In review"),
            "decided": N_("Decided"),
            "withdrawn": N_("Withdrawn"),
            "waiting_sender": N_("Waits for your answer"),
        },
        "own_review": {
            "undoable": N_("Can be undone"),
            "recorded": N_("Recorded"),
            "withdrawn": N_("Withdrawn meanwhile: answers nobody"),
        },
        "own_question": {
            "waiting": N_("Waits for advice"),
            "advised": N_("Advice given"),
            "ended": N_("Came back without advice"),
            "withdrawn": N_("Withdrawn meanwhile: needs no advice"),
        },
        "asked_sender": {
            "waiting": N_("Waits for the answer"),
            "answered": N_("Answered"),
            "ended": N_("Came back without an answer"),
            "withdrawn": N_("Withdrawn meanwhile: needs no answer"),
        },
        "round": {
            "first": N_("First review"),
            "second": N_("Second review"),
            "resolving": N_("Resolving review"),
            "complaint": N_("Complaint review"),
        },
        "no_round": {
            "waiting": N_("Not recorded: the case has not come that far."),
            "withdrawn": N_("Not required because everything in the case was withdrawn."),
            "not_asked": N_("Not required because neither a rule nor the random draw asked for it."),
            "no_difference": N_("Not required because no two reviews differed."),
            "no_complaint": N_("Not required because nobody complained."),
        },
        "why_second": {
            "account_measure": N_("A measure against the account"),
            "over_broad": N_("A location that stands for more than one piece of content"),
            "refused_order": N_("A removal order declined"),
            "context": N_("Journalism, research, art, or work against terrorism"),
            "random": N_("Drawn at random"),
        },
        "outcome": {
            "accepted": N_("Accepted"),
            "declined": N_("Declined"),
            "ask": N_("Ask the sender"),
            "escalate": N_("Escalate to legal"),
        },
        "ground": {"terms": N_("Against our terms"), "law": N_("Against the law")},
        "reason": {
            "no_breach": N_("No breach"),
            "insufficient_information": N_("Not enough information"),
            "not_found": N_("Not found"),
            "already_removed": N_("Already removed"),
            "not_ours": N_("Not on our service"),
            "manifest_error": N_("Manifest error in the order"),
            "impossible": N_("Not possible to carry out"),
        },
        "visibility": {
            "none": N_("No restriction"),
            "removed": N_("Removed"),
            "disabled": N_("Access disabled"),
            "demoted": N_("Shown less"),
            "age_restricted": N_("Adults only"),
            "interaction_restricted": N_("Interaction limited"),
            "labelled": N_("Labelled"),
        },
        "account": {
            "none": N_("No measure"),
            "suspended": N_("Suspended"),
            "terminated": N_("Terminated"),
        },
        "context": {
            "none": N_("None of these"),
            "journalism": N_("Journalism"),
            "research": N_("Research"),
            "art": N_("Art"),
            "counter_terrorism": N_("Work against terrorism"),
        },
        "intake": {
            "referral": N_("Referral"),
            "notice": N_("Notice (DSA Article 16)"),
            "removal_order": N_("Removal order"),
        },
        "urgency": {"normal": N_("Not urgent"), "threat_to_life": N_("Threat to life")},
        "target": {
            "threat": N_("Threat to life"),
            "order": N_("Removal order"),
            "flagger": N_("Trusted flagger"),
            "other": N_("No other rule applies"),
        },
        "snippet": {
            "rationale": N_("Rationale, internal"),
            "statement": N_("Statement to the senders"),
        },
        "severity": {"low": N_("Low"), "high": N_("High")},
        "content": {
            "text": N_("Text"),
            "image": N_("Image"),
            "video": N_("Video"),
            "audio": N_("Audio"),
            "pdf": N_("PDF document"),
            "document": N_("Document"),
            "link": N_("Link"),
            "page": N_("Page"),
            "account": N_("Account"),
            "channel": N_("Channel"),
            "app": N_("App"),
            "product": N_("Product"),
            "other": N_("Other"),
            "unknown": N_("Not stated"),
        },
        "sender": {
            "iru": N_("Internet referral unit"),
            "competent_authority": N_("Competent authority"),
            "trusted_flagger": N_("Trusted flagger"),
            "civil_society": N_("Civil society"),
            "other": N_("Other sender"),
        },
        "rank": {
            "threat": N_("Threat to life"),
            "order": N_("Removal order"),
            "overdue": N_("Over target"),
            "other": N_("Time left"),
            "target": N_("Time left"),
            "arrival": N_("Order of arrival"),
        },
        "pass": {
            "personal_impact": N_("Personal impact"),
            "conflict_of_interest": N_("Conflict of interest"),
            "language": N_("Language that I do not read"),
        },
        "look": {
            "revealed": N_("after evidence was revealed"),
            "without": N_("without looking at the evidence, by choice"),
            "none": N_("without a first look: no evidence of the sender was shown"),
        },
        "precedent": {
            "location": N_("Same location"),
            "file": N_("Same file"),
            "picture": N_("Similar picture"),
            "text": N_("Similar text"),
        },
        "agreement": {
            "one": N_("One review"),
            "agreed": N_("Two reviews agreed"),
            "differed": N_("Two reviews differed, a third decided"),
        },
        "party": {
            "sender": N_("A sender of this case"),
            "content_provider": N_("The user whose content it is"),
        },
        "complaint": {
            "open": N_("Being judged"),
            "upheld": N_("The decision stands"),
            "reversed": N_("The decision was reversed"),
        },
        "reversal": {
            "resolved": N_("First review reversed"),
            "complaint": N_("Reversed after a complaint"),
            "quality": N_("Found wrong in quality review"),
            "later": N_("Decided the other way later"),
        },
        "reversed_because": {
            "resolved": N_(
                "Two reviews differed; the third, which counts, came to the other outcome than the first."
            ),
            "complaint": N_("After a complaint a lead came to this decision, which superseded the first."),
            "quality": N_("A quality review found that it was wrong."),
            "later": N_("The same location was decided the other way later."),
        },
        "time_left": {
            "overdue": N_("Overdue"),
            "hour": N_("Up to 1 hour"),
            "day": N_("1 hour to 1 day"),
            "three_days": N_("1 to 3 days"),
            "longer": N_("More than 3 days"),
        },
        "file": {
            "image/png": N_("PNG image"),
            "image/jpeg": N_("JPEG image"),
            "image/webp": N_("WebP image"),
            "application/pdf": N_("PDF document"),
            "text/plain": N_("Plain text"),
        },
        "stage": {
            "small": N_("Show small, blurred and grey"),
            "small_sharp_grey": N_("Show small and grey"),
            "small_blurred_colour": N_("Show small and blurred"),
            "small_sharp_colour": N_("Show small"),
            "blurred_grey": N_("Show in full, blurred and grey"),
            "blurred_colour": N_("Show in full, blurred"),
            "grey": N_("Show in full, grey"),
            "colour": N_("Show in colour"),
            "whole": N_("Show in full"),
            "sharp": N_("Show sharp"),
            "sharp_grey": N_("Show sharp, grey"),
            "text": N_("Show the text"),
        },
        "shown_stage": {
            "small": N_("small, blurred, grey"),
            "small_sharp_grey": N_("small, grey"),
            "small_blurred_colour": N_("small, blurred, in colour"),
            "small_sharp_colour": N_("small, in colour"),
            "blurred_grey": N_("blurred, grey"),
            "blurred_colour": N_("blurred, in colour"),
            "grey": N_("grey"),
            "colour": N_("in colour"),
            "text": N_("as text"),
        },
        "exposure_step": {
            "small": N_("Small or blurred pictures"),
            "grey": N_("Grey pictures"),
            "colour": N_("Colour pictures"),
            "text": N_("Texts"),
        },
        "not_shown": {
            "empty": N_("The file is empty."),
            "kind": N_("It is none of the kinds that are shown here: PNG, JPEG, WebP, PDF, plain text."),
            "drawing": N_("It is a drawing made of code (SVG), which is not run here."),
            "bytes": N_("It has more than 16 MiB."),
            "pixels": N_("It has more than 40 megapixels."),
            "frames": N_("It is a moving picture of more than 200 frames."),
            "pages": N_("It has more than 1,000 pages."),
            "protected": N_("It is protected by a password."),
            "broken": N_("It is damaged or cut off."),
            "slow": N_("It takes too long to decode."),
            "memory": N_("It needs too much memory to decode."),
        },
        "place": {
            "everywhere": N_("On every page"),
            "queue": N_("In the queue and other lists"),
            "case": N_("In a case"),
            "list": N_("In other lists"),
            "sender": N_("On the first page of a sender"),
        },
    }
    | OFFICE_WORDS
    | ENDPOINT_WORDS
    | FILE_WORDS
)


def word_of(code: str, family: str | None = None) -> str:
    """The translated word for a code.

    ``family`` is a key of ``WORDS``; without it the code must mean the same in every family that has it.
    Raises LookupError for a code outside the table: a page with a raw code is a fault, not a fallback.
    """
    if family is not None:
        return str(gettext(WORDS[family][code]))
    found = {words[code] for words in WORDS.values() if code in words}
    if len(found) == 1:
        return str(gettext(found.pop()))
    problem = "has no word" if not found else "means several things, name its family"
    raise LookupError(f"The code {code!r} {problem}.")
