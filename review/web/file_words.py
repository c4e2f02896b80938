"""The words for the codes of files that senders bring; one family each."""

from review.web.marked import N_

FILE_WORDS: dict[str, dict[str, str]] = {
    "uploaded": {
        "waiting": N_("Being checked"),
        "unmapped": N_("Asks for its columns"),
        "checked": N_("Checked, not sent"),
        "sending": N_("Being sent"),
        "sent": N_("Sent"),
        "refused": N_("Cannot be read"),
        "dropped": N_("Dropped"),
    },
    "line": {
        "received": N_("Received"),
        "repeated": N_("Was there before"),
        "refused": N_("Refused"),
    },
    "column": {
        "reference": N_("Your reference"),
        "intake_kind": N_("Kind of referral"),
        "reason": N_("Why you refer it"),
        "category": N_("Category"),
        "keyword": N_("Keyword"),
        "issuing_authority": N_("Issuing authority"),
        "issuing_country": N_("Country of the authority"),
        "legal_basis": N_("Legal basis"),
        "requested_action": N_("Requested action"),
        "urgency": N_("Urgency"),
        "detected_at": N_("When it was found"),
        "earlier_received_at": N_("Reached us before at"),
        "good_faith": N_("Good faith"),
        "url": N_("Address"),
        "content_type": N_("Kind of content"),
        "language": N_("Language"),
        "published_at": N_("When it was published"),
        "sha256": N_("Digest of the content"),
        "description": N_("Description"),
        "contact_name": N_("Contact: name"),
        "contact_email": N_("Contact: e-mail"),
    },
}
