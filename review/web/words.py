"""The words people read for the codes we store: one closed table, one family of codes each."""

from review.web.texts import gettext


def N_(message: str) -> str:
    """Mark a text for the catalogue without translating it yet; the extractor knows this name."""
    return message


WORDS: dict[str, dict[str, str]] = {
    "setting": {
        "REVIEW_HOSTS": N_("Hosts that are ours"),
        "REVIEW_UNDO_SECONDS": N_("Undo window, in seconds"),
        "REVIEW_CLAIM_SECONDS": N_("Length of a claim, in seconds"),
        "REVIEW_TARGET_SECONDS": N_("Target of an ordinary case, in seconds"),
        "REVIEW_TARGET_FLAGGER_SECONDS": N_("Target for trusted flaggers, in seconds"),
        "REVIEW_TARGET_THREAT_SECONDS": N_("Target for a threat to life or an order, in seconds"),
        "REVIEW_SESSION_IDLE_SECONDS": N_("Idle time until a sign-in ends, in seconds"),
        "REVIEW_SESSION_SECONDS": N_("Longest sign-in, in seconds"),
        "REVIEW_REQUESTS_PER_MINUTE": N_("Requests a minute of one API key"),
        "REVIEW_ADDRESS_REQUESTS_PER_MINUTE": N_("Requests a minute of one address"),
        "REVIEW_FAILED_KEYS_PER_MINUTE": N_("Failed keys a minute of one address"),
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
    },
    "item": {
        "received": N_("Received"),
        "in_review": N_("In review"),
        "decided": N_("Decided"),
        "withdrawn": N_("Withdrawn"),
        "waiting_sender": N_("Waiting for sender"),
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
        "not_enabled": N_("Not required because this round is not switched on at this desk."),
        "not_asked": N_("Not required because neither a rule nor the random draw asked for it."),
        "no_difference": N_("Not required because no two reviews differed."),
        "no_complaint": N_("Not required because nobody complained."),
    },
    "outcome": {
        "accepted": N_("Accepted"),
        "declined": N_("Declined"),
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
    "severity": {"low": N_("Low"), "high": N_("High")},
    "role": {
        "moderator": N_("Moderator"),
        "lead": N_("Lead"),
        "legal": N_("Legal"),
        "admin": N_("Administrator"),
        "sender": N_("Sender"),
        "operator": N_("Operator"),
        "service": N_("Service"),
        "anonymous": N_("Nobody signed in"),
        "account": N_("A person"),
    },
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
    "channel": {
        "api": N_("API"),
        "form": N_("Form"),
        "file": N_("File"),
        "email": N_("E-mail"),
        "post": N_("Letter"),
        "phone": N_("Telephone"),
        "platform": N_("The platform itself"),
        "other": N_("Another way"),
    },
    "event": {
        "referral.received": N_("Referral received"),
        "referral.refused": N_("Referral refused"),
        "referral.withdrawn": N_("Referral withdrawn"),
        "item.withdrawn": N_("Item withdrawn"),
        "item.answered": N_("Sender answered"),
        "case.opened": N_("Case opened"),
        "case.claimed": N_("Case claimed"),
        "case.claim_renewed": N_("Claim renewed"),
        "case.released": N_("Case released"),
        "case.claim_expired": N_("Claim expired"),
        "case.draft_saved": N_("Draft saved"),
        "case.review_recorded": N_("Review recorded"),
        "case.review_undone": N_("Review undone"),
        "case.review_dropped": N_("Review dropped: its items were withdrawn"),
        "case.decided": N_("Case decided"),
        "case.withdrawn": N_("Case withdrawn"),
        "case.escalated": N_("Escalated to legal"),
        "case.advised": N_("Advice of legal"),
        "case.escalation_ended": N_("Came back without advice"),
        "record.opened": N_("Record opened"),
        "clause.drafted": N_("Clause drafted"),
        "clause.draft_discarded": N_("Draft of a clause discarded"),
        "records.listed": N_("Records searched"),
        "trail.verified": N_("Trail verified"),
        "trail.listed": N_("Trail read"),
        "batch.completed": N_("Batch completed"),
        "account.created": N_("Account created"),
        "account.closed": N_("Account closed"),
        "account.role_changed": N_("Role changed"),
        "account.reset_issued": N_("Link for a new password issued"),
        "account.password_set": N_("Password set"),
        "account.signed_in": N_("Signed in"),
        "account.sign_in_failed": N_("Sign-in failed"),
        "account.signed_out": N_("Signed out"),
        "sender.created": N_("Sender created"),
        "key.issued": N_("Key issued"),
        "key.revoked": N_("Key revoked"),
        "clause.published": N_("Clause published"),
    },
    "factor": {
        "totp": N_("Authenticator app"),
        "passkey": N_("Passkey"),
        "recovery_code": N_("Recovery code"),
    },
    "key": {"in_use": N_("In use"), "expired": N_("Expired"), "revoked": N_("Revoked")},
    "scope": {
        "refer": N_("Refer: submit and withdraw referrals"),
        "read": N_("Read: status, answers and receipts"),
        "manage": N_("Manage: where answers are sent to"),
        "platform": N_("Platform: tell that a restriction is in place"),
    },
    "award": {"coming": N_("Not yet"), "holds": N_("Holds today"), "ended": N_("Ended")},
    "check": {
        "database": N_("Database"),
        "schema": N_("Schema"),
        "triggers": N_("Guards of the trail"),
        "trail": N_("Trail"),
        "checkpoint": N_("Checkpoint"),
        "dispatch": N_("Dispatch"),
        "workers": N_("Background loops"),
        "clock": N_("Clock"),
        "disk": N_("Disk"),
    },
    "loop": {
        "dispatch": N_("Dispatch"),
        "sequence": N_("Positions in the trail"),
        "sign": N_("Checkpoints"),
        "expire": N_("End of claims"),
        "count": N_("Numbers"),
        "index": N_("Search by host and digest"),
        "verify": N_("Verification of the trail"),
    },
    "age": {
        "day": N_("Up to 1 day"),
        "three_days": N_("1 to 3 days"),
        "week": N_("3 to 7 days"),
        "older": N_("More than 7 days"),
    },
    "time_left": {
        "overdue": N_("Overdue"),
        "hour": N_("Up to 1 hour"),
        "day": N_("1 hour to 1 day"),
        "three_days": N_("1 to 3 days"),
        "longer": N_("More than 3 days"),
    },
    "account_state": {"open": N_("Open"), "invited": N_("Invited"), "closed": N_("Closed")},
}


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
