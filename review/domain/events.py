"""The closed table of events: what can stand on the trail, on which object, by whom, with which fields.

A change counts in its object's version chain (``version`` and ``prev`` in the envelope); a read or a note
names the object and leaves its chain alone. README prints this table and a test compares.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class EventType:
    """One kind of event; ``fields`` are the committed values that it may carry, ``meta`` its enumerations.

    ``withheld`` names fields that stay closed in the opening that a sender gets of an event it may see.
    """

    name: str
    object_kind: str
    actors: tuple[str, ...]
    fields: tuple[str, ...] = ()
    meta: tuple[str, ...] = ()
    changes: bool = True
    seen_by_sender: bool = False
    withheld: tuple[str, ...] = ()


_PEOPLE = ("account",)
_SENDER = ("sender", "account")
_COMMAND = ("operator",)
_OFFICE = ("operator", "account")
_LOOP = ("service",)
_GIVING_UP = (*_SENDER, *_LOOP, "anonymous")

CLOCK = "clock"
"""In the ``meta`` of any event whose writer's clock was behind: what that clock showed.

The event itself bears the time of the one that it follows, so that no chain goes back in time.
"""
EVENTS: dict[str, EventType] = {
    event.name: event
    for event in (
        EventType(
            "referral.received",
            "referral",
            (*_SENDER, "operator", "service"),
            ("reference", "body_sha256", "items", "refused_items", "cases", "key"),
            ("intake_kind", "transmitted_via", "urgency"),
            seen_by_sender=True,
            withheld=("cases", "key"),
        ),
        EventType(
            "batch.completed",
            "batch",
            (*_SENDER, "operator", "service"),
            ("body_sha256", "key"),
            ("lines", "received", "repeated", "refused", "transmitted_via"),
            seen_by_sender=True,
            withheld=("key",),
        ),
        EventType("referral.refused", "sender", _SENDER, ("body_sha256", "codes"), changes=False),
        EventType("referral.withdrawn", "referral", _SENDER, ("items",), seen_by_sender=True),
        EventType("item.withdrawn", "item", _SENDER, (), seen_by_sender=True),
        # previous_outcome: of the answer that this one supersedes
        EventType(
            "item.answered", "item", _LOOP, ("answer",), ("outcome", "previous_outcome"), seen_by_sender=True
        ),
        EventType("case.opened", "case", _LOOP, ("items",), ("reason",)),
        EventType("case.claimed", "case", _PEOPLE, (), ("generation", "way")),
        EventType("case.claim_renewed", "case", _PEOPLE, (), ("generation",)),
        EventType("case.released", "case", _PEOPLE, ("passed",), ("generation",)),
        EventType("case.claim_expired", "case", _LOOP, ("holder",), ("generation",)),
        EventType("case.draft_saved", "case", _PEOPLE, (), ("generation",), changes=False),
        EventType(
            "case.review_recorded",
            "case",
            _PEOPLE,
            (
                "review",
                "rationale",
                "statement",
                "clauses",
                "law",
                "territory",
                "snippets",
                "recorded_with",
                "precedents",
            ),
            (
                "round",
                "outcome",
                "ground",
                "decline_reason",
                "visibility",
                "account",
                "context",
                "over_broad",
                "version",
                "generation",
                "look",
            ),
        ),
        EventType("case.review_dropped", "case", _LOOP, ("review", "reviews")),
        EventType("case.review_undone", "case", _PEOPLE, ("review",), ("round",)),
        EventType("case.decided", "case", _LOOP, ("decision", "review", "items", "reviews"), ("outcome",)),
        EventType("case.withdrawn", "case", _SENDER, (), ()),
        EventType("case.escalated", "case", _PEOPLE, ("escalation", "note"), ("generation", "version")),
        EventType("case.advised", "case", _PEOPLE, ("escalation", "advice")),
        EventType("case.escalation_ended", "case", _LOOP, ("escalation",)),
        EventType("record.opened", "case", _PEOPLE, (), (), changes=False),
        EventType("records.listed", "trail", _PEOPLE, ("cases", "query"), (), changes=False),
        EventType(
            "trail.verified", "trail", ("account", "operator"), ("finding",), ("intact",), changes=False
        ),
        EventType("trail.listed", "trail", _PEOPLE, ("filter",), (), changes=False),
        # by whom, is in the envelope; at most once a minute for each actor and permission
        EventType(
            "authorisation.refused",
            "trail",
            _SENDER,
            ("permission", "route", "object", "key"),
            (),
            changes=False,
        ),
        EventType("trail.file_accepted", "trail", _COMMAND, ("reason", "checkpoint"), (), changes=False),
        EventType("trail.key_rotated", "trail", _COMMAND, ("vkey", "before"), (), changes=False),
        EventType("trail.key_retired", "trail", _COMMAND, ("vkey",), (), changes=False),
        # by the first key of a name that goes on after a freeze; `frozen` is the last checkpoint before
        EventType("trail.origin_begun", "trail", _COMMAND, ("vkey", "frozen"), (), changes=False),
        EventType("trail.frozen", "trail", _COMMAND, ("reason",), (), changes=False),
        EventType("account.created", "account", _OFFICE, ("email", "name", "sender"), ("role",)),
        EventType("account.closed", "account", _OFFICE),
        EventType("account.role_changed", "account", _OFFICE, (), ("role", "previous_role")),
        EventType("account.reset_issued", "account", _OFFICE),
        EventType("account.password_set", "account", _PEOPLE),
        EventType("account.signed_in", "account", _PEOPLE, ("address",), ("factor",), changes=False),
        EventType(
            "account.sign_in_failed",
            "account",
            ("anonymous", "account"),
            ("address",),
            ("factor",),
            changes=False,
        ),
        EventType("account.signed_out", "account", _PEOPLE, (), ("others",), changes=False),
        EventType("account.invited", "account", _OFFICE),
        EventType("account.sign_ins_ended", "account", _OFFICE),
        EventType("account.renamed", "account", _OFFICE, ("pseudonym", "previous_pseudonym")),
        EventType("sender.created", "sender", _OFFICE, ("name", "country", "flagger"), ("kind",)),
        EventType("key.issued", "key", _OFFICE, ("scopes", "sender", "expires_at", "label")),
        EventType("key.revoked", "key", _OFFICE),
        EventType(
            "clause.published",
            "clause",
            ("operator", "account"),
            ("document", "number", "title", "text_sha256", "valid_from", "drafted_by", "reason"),
            ("version", "ends"),
        ),
        EventType("setting.changed", "setting", _PEOPLE, ("previous", "value"), ("chosen",)),
        EventType("account.half_signed_in", "account", _PEOPLE, (), ("factor",), changes=False),
        EventType("account.confirmed", "account", _PEOPLE, (), ("factor",), changes=False),
        EventType("factor.enrolled", "account", _PEOPLE, ("passkey",), ("factor",)),
        EventType("factor.removed", "account", _PEOPLE, ("passkey",), ("factor",)),
        EventType("factor.reset", "account", ("operator", "account"), (), ("factors",)),
        EventType("recovery_codes.issued", "account", _PEOPLE, (), ("codes",)),
        EventType("recovery_code.used", "account", _PEOPLE),
        # contacts are people: apart from the rest, so that they can be erased alone
        EventType(
            "sender.changed",
            "sender",
            _OFFICE,
            ("before", "after", "contacts_before", "contacts_after"),
        ),
        EventType("sender.limits_changed", "sender", _OFFICE, ("before", "after")),
        EventType(
            "sender.flagger_added",
            "sender",
            _OFFICE,
            ("status", "coordinator", "valid_from", "valid_until", "reference"),
        ),
        EventType("sender.flagger_ended", "sender", _OFFICE, ("status", "valid_until", "ended_on")),
        EventType(
            "clause.drafted",
            "clause",
            _PEOPLE,
            ("document", "number", "title", "text_sha256", "valid_from", "reason"),
            ("ends",),
        ),
        EventType("clause.draft_discarded", "clause", _PEOPLE, ("drafted_by",), ("ends",)),
        EventType("case.assigned", "case", _PEOPLE, ("holder",), ("generation",)),
        EventType("email.arrived", "email", _COMMAND, ("message_sha256", "facts_sha256"), ("bytes",)),
        # the referral itself is received by the service: its event is shown to the sender, people are not
        EventType(
            "email.confirmed",
            "email",
            _PEOPLE,
            ("referral", "sender", "identity_check", "stated"),
            ("identity_way", "intake_kind"),
        ),
        EventType("email.refused", "email", _PEOPLE, ("reason",)),
        EventType("case.set_aside", "case", _PEOPLE, ("until",), ("generation",)),
        EventType(
            "case.note_written", "case", _PEOPLE, ("note", "text", "mentions"), ("generation", "pinned")
        ),
        EventType("case.second_review_due", "case", _LOOP, ("review",), ("why", "share")),
        EventType("case.reviews_differ", "case", _LOOP, ("review", "reviews"), ("shown_first",)),
        EventType(
            "evidence.revealed",
            "case",
            _PEOPLE,
            ("reveal", "item", "evidence", "sha256"),
            ("stage", "width", "height", "bytes", "generation"),
            changes=False,
        ),
        EventType("evidence.hidden", "case", _PEOPLE, ("reveals",), changes=False),
        # by a reader of the record, who holds no claim and whose looking is no part of any review
        EventType(
            "record.evidence_revealed",
            "case",
            _PEOPLE,
            ("reveal", "item", "evidence", "sha256"),
            ("stage", "width", "height", "bytes"),
            changes=False,
        ),
        EventType("record.evidence_hidden", "case", _PEOPLE, ("reveals",), changes=False),
        # a file leaves the desk, or is asked for; on each case that it tells of
        EventType(
            "export.made",
            "case",
            ("account", "operator"),
            ("cases", "referrals", "sha256", "export", "reason", "selection"),
            ("bytes", "form"),
            changes=False,
        ),
        # an export that was asked for has its file; somebody got it
        EventType("export.finished", "trail", _LOOP, ("export", "sha256"), ("bytes", "rows"), changes=False),
        EventType("export.fetched", "trail", _PEOPLE, ("export", "sha256"), changes=False),
        EventType("record.location_opened", "case", _PEOPLE, ("item", "url"), changes=False),
        EventType(
            "record.reviewer_unmasked", "case", _PEOPLE, ("review", "reviewer", "reason"), changes=False
        ),
        EventType(
            "evidence.captured",
            "case",
            _PEOPLE,
            ("evidence", "item", "name", "media_type", "sha256"),
            ("bytes", "generation"),
        ),
        EventType("case.first_look", "case", _PEOPLE, ("precedents",), ("way", "generation")),
        EventType("location.opened", "case", _PEOPLE, ("item", "url"), ("generation",), changes=False),
        EventType(
            "snippet.changed",
            "snippet",
            _PEOPLE,
            ("clause", "language", "text"),
            ("kind", "version", "withdrawn"),
        ),
        EventType(
            "case.sender_asked", "case", _PEOPLE, ("question", "item", "text"), ("generation", "version")
        ),
        EventType("case.answer_received", "case", _SENDER, ("question", "answer")),
        # a sender ends it too, by withdrawing the item that was asked about
        EventType("case.question_ended", "case", (*_LOOP, *_SENDER), ("question",)),
        # by the service: the sender sees what was asked, not who asked
        EventType("item.question_asked", "item", _LOOP, ("question",), seen_by_sender=True),
        EventType("item.answer_given", "item", _SENDER, ("answer",), seen_by_sender=True),
        EventType(
            "quality.sampled",
            "sample",
            _PEOPLE,
            ("seed", "since", "until", "decisions", "strata"),
            ("size", "population"),
        ),
        EventType("endpoint.added", "endpoint", _SENDER, ("sender", "url", "topics"), ("kind",)),
        EventType("endpoint.rotated", "endpoint", _SENDER),
        EventType("endpoint.tested", "endpoint", _SENDER, ("delivery",), changes=False),
        # by the service: the receiver answered that it is gone
        EventType("endpoint.switched_off", "endpoint", (*_SENDER, *_LOOP), (), ("why",)),
        EventType("endpoint.switched_on", "endpoint", _SENDER),
        # by whoever opened the link in a mail, who need not sign in
        EventType("endpoint.confirmed", "endpoint", ("anonymous",)),
        EventType("endpoint.removed", "endpoint", (*_SENDER, "anonymous")),
        # the digest is that of the bytes that were sent, frozen since the message was written
        EventType("delivery.arrived", "delivery", _LOOP, ("body_sha256",), ("topic", "tries", "status")),
        EventType(
            "delivery.given_up",
            "delivery",
            (*_SENDER, *_LOOP, "anonymous"),
            ("body_sha256",),
            ("topic", "tries", "why"),
        ),
        EventType("delivery.sent_again", "delivery", _SENDER, (), ("topic",)),
        # by the platform's key, or by a lead who acts by hand
        EventType("restriction.implemented", "restriction", _SENDER, ("at",)),
        EventType("restriction.failed", "restriction", _SENDER, ("reason",)),
        EventType("restriction.opened", "restriction", _PEOPLE, (), (), changes=False),
        EventType("file.uploaded", "file", _PEOPLE, ("sender", "name", "sha256"), ("bytes",)),
        EventType("file.sent", "file", _PEOPLE, ("batch",), ("rows",)),
        # by the service: nobody sent it for a week
        EventType("file.dropped", "file", (*_PEOPLE, *_LOOP)),
        # the contact of whoever is no sender stands apart from the reasons, so that it can be erased alone
        EventType(
            "case.complaint_received",
            "case",
            _SENDER,
            ("complaint", "decision", "item", "sender", "reasons", "contact"),
            ("party", "version"),
        ),
        EventType("case.complaint_carried", "case", _LOOP, ("complaints",)),
        EventType("case.upheld", "case", _LOOP, ("review", "decision", "complaints")),
        EventType(
            "case.reversed",
            "case",
            _LOOP,
            ("decision", "review", "supersedes", "items", "complaints"),
            ("outcome", "previous_outcome"),
        ),
        EventType("item.complaint_sent", "item", _SENDER, ("reasons",), seen_by_sender=True),
        EventType("item.complaint_answered", "item", _LOOP, ("statement",), ("result",), seen_by_sender=True),
        # by the service: the decision that asked for it was reversed
        EventType("restriction.lifted", "restriction", _LOOP, ("replaced_by",)),
        EventType("quality.judged", "sample", _PEOPLE, ("decision", "case", "remark"), ("finding",)),
        EventType("holds.listed", "trail", _PEOPLE, ("listed", "query"), changes=False),
        EventType("erasures.listed", "trail", _PEOPLE, ("listed",), changes=False),
        EventType("retention.listed", "trail", _PEOPLE, ("listed",), changes=False),
        EventType("hold.opened", "hold", _PEOPLE, changes=False),
        EventType("erasure.opened", "erasure", _PEOPLE, changes=False),
        EventType("hold.placed", "hold", _PEOPLE, ("record", "reason", "review_on"), ("on",)),
        EventType("hold.released", "hold", _PEOPLE, ("reason",)),
        EventType("erasure.requested", "erasure", _PEOPLE, ("record", "parts", "reason"), ("on", "ground")),
        EventType("erasure.refused", "erasure", _PEOPLE, ("record", "reason"), ("on", "ground")),
        # by a command: once more after a backup was restored. openings: [event id, field, ...] of each
        EventType(
            "erasure.executed",
            "erasure",
            (*_PEOPLE, "operator", "service"),
            ("record", "parts", "requested_by", "approved_by", "reason", "openings"),
            ("on", "ground", "replayed"),
        ),
    )
}
