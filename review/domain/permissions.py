"""Who may do what: actors, roles, scopes and the closed list of permissions, each with its sentence."""

from dataclasses import dataclass
from enum import StrEnum

from review.errors import NotPermitted, ScopeTooSmall


class Role(StrEnum):
    """What a person does here; one role per account."""

    MODERATOR = "moderator"
    LEAD = "lead"
    LEGAL = "legal"
    ADMIN = "admin"
    SENDER = "sender"


class Scope(StrEnum):
    """What an API key may do."""

    REFER = "refer"
    READ = "read"
    MANAGE = "manage"
    PLATFORM = "platform"


@dataclass(frozen=True)
class Actor:
    """Who acts: what the actions check and what the trail names.

    ``kind`` is ``account`` (a person), ``sender`` (an API key), ``operator`` (a command), ``service``
    (a loop) or ``anonymous``; ``id`` is the stable pseudonymous id that the trail carries.
    """

    kind: str
    id: str
    account_id: str | None = None
    role: Role | None = None
    sender_id: str | None = None
    scopes: frozenset[Scope] = frozenset()
    session_digest: str | None = None
    request_id: str | None = None
    key_id: str | None = None


SERVICE = Actor(kind="service", id="service")
OPERATOR = Actor(kind="operator", id="operator")
ANONYMOUS = Actor(kind="anonymous", id="anonymous")


@dataclass(frozen=True)
class Grant:
    """Who holds a permission: roles for people, scopes for API keys, and the sentence for README."""

    sentence: str
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    anyone: bool = False


class Permission(StrEnum):
    """Every permission; each route declares exactly one."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    REFER = "refer"
    READ_OWN_REFERRALS = "read_own_referrals"
    WITHDRAW = "withdraw"
    WORK_QUEUE = "work_queue"
    REVIEW_CASE = "review_case"
    READ_RECORDS = "read_records"
    VERIFY_TRAIL = "verify_trail"
    SEE_HEALTH = "see_health"
    MANAGE_ACCOUNTS = "manage_accounts"
    CHANGE_SETTINGS = "change_settings"
    RESET_FACTORS = "reset_factors"
    MANAGE_SENDERS = "manage_senders"
    MANAGE_OWN_KEYS = "manage_own_keys"
    MANAGE_ENDPOINTS = "manage_endpoints"
    SEE_SENDER_ACCURACY = "see_sender_accuracy"
    EDIT_CLAUSES = "edit_clauses"
    PUBLISH_CLAUSES = "publish_clauses"
    SEARCH_CASES = "search_cases"
    ADVISE = "advise"
    SEE_NUMBERS = "see_numbers"
    ASSIGN_CASES = "assign_cases"
    SEE_TEAM = "see_team"
    CONFIRM_EMAILED = "confirm_emailed"
    REVEAL_EVIDENCE = "reveal_evidence"
    REVEAL_IN_RECORD = "reveal_in_record"
    CHOOSE_COMFORT = "choose_comfort"
    ANSWER = "answer"
    SEE_QUALITY = "see_quality"
    JUDGE_QUALITY = "judge_quality"
    FOLLOW_RESTRICTIONS = "follow_restrictions"
    REPORT_RESTRICTIONS = "report_restrictions"
    UNMASK_REVIEWERS = "unmask_reviewers"
    COMPLAIN = "complain"
    REGISTER_COMPLAINTS = "register_complaints"
    JUDGE_COMPLAINTS = "judge_complaints"
    PLACE_HOLDS = "place_holds"
    RELEASE_HOLDS = "release_holds"
    REQUEST_ERASURES = "request_erasures"
    SETTLE_ERASURES = "settle_erasures"
    EXPORT_RECORDS = "export_records"


_JUDGES = frozenset({Role.MODERATOR, Role.LEAD})
_OWN = frozenset({Role.SENDER})

GRANTS: dict[Permission, Grant] = {
    Permission.ANYONE: Grant("Open to everyone: sign-in, health, stylesheet, the public key.", anyone=True),
    Permission.SIGNED_IN: Grant(
        "Go to one's start page, look after one's own factors and sign-ins, sign out.",
        roles=frozenset(Role),
    ),
    Permission.REFER: Grant(
        "Submit referrals for one's own organisation.", roles=_OWN, scopes=frozenset({Scope.REFER})
    ),
    Permission.READ_OWN_REFERRALS: Grant(
        "See status, answers and receipts of one's own organisation's referrals.",
        roles=_OWN,
        scopes=frozenset({Scope.READ}),
    ),
    Permission.WITHDRAW: Grant(
        "Withdraw one's own organisation's referrals and items.",
        roles=_OWN,
        scopes=frozenset({Scope.REFER}),
    ),
    Permission.WORK_QUEUE: Grant(
        "See the queue; claim, renew, release, set aside and pass on cases; take a break.", roles=_JUDGES
    ),
    Permission.REVIEW_CASE: Grant(
        "Record, draft and undo one's own review of a claimed case; write notes on it.", roles=_JUDGES
    ),
    Permission.READ_RECORDS: Grant(
        "Open the full record of a case, each opening on the trail; write notes in it.",
        roles=frozenset({Role.LEGAL}),
    ),
    Permission.VERIFY_TRAIL: Grant("Verify the trail; each run is on it.", roles=frozenset({Role.LEGAL})),
    Permission.SEE_HEALTH: Grant("See the health page.", roles=frozenset({Role.ADMIN})),
    Permission.MANAGE_ACCOUNTS: Grant(
        "Invite people, change roles, give links, end sign-ins, close accounts; see names.",
        roles=frozenset({Role.ADMIN}),
    ),
    Permission.CHANGE_SETTINGS: Grant(
        "See the settings; change those that may change while the desk runs.", roles=frozenset({Role.ADMIN})
    ),
    Permission.RESET_FACTORS: Grant(
        "Take the second factor from somebody else who lost it.", roles=frozenset({Role.ADMIN})
    ),
    Permission.MANAGE_SENDERS: Grant(
        "Enter senders; change their contacts, evidence and limits; issue and revoke their keys.",
        roles=frozenset({Role.ADMIN}),
    ),
    Permission.MANAGE_OWN_KEYS: Grant(
        "Issue and revoke one's own organisation's API keys.", roles=frozenset({Role.SENDER})
    ),
    Permission.MANAGE_ENDPOINTS: Grant(
        "Set which addresses of one's own organisation are told of changes; see and repeat the messages.",
        roles=_OWN,
        scopes=frozenset({Scope.MANAGE}),
    ),
    Permission.SEE_SENDER_ACCURACY: Grant(
        "See what share of a sender's judged items was accepted.",
        roles=frozenset({Role.LEGAL, Role.ADMIN}),
    ),
    Permission.EDIT_CLAUSES: Grant(
        "Draft new clauses, wordings and ends of clauses; discard drafts.", roles=frozenset({Role.ADMIN})
    ),
    Permission.PUBLISH_CLAUSES: Grant(
        "Read all versions and drafts of our clauses; publish what somebody else drafted.",
        roles=frozenset({Role.ADMIN, Role.LEGAL}),
    ),
    Permission.SEARCH_CASES: Grant(
        "Find live cases and those one has reviewed by our ids, a URL or a digest.", roles=_JUDGES
    ),
    Permission.ADVISE: Grant(
        "See which cases were escalated, and give advice on them.", roles=frozenset({Role.LEGAL})
    ),
    Permission.SEE_NUMBERS: Grant(
        "See the numbers of the desk: counts and times, no content and no names.",
        roles=frozenset({Role.LEAD, Role.LEGAL, Role.ADMIN}),
    ),
    Permission.ASSIGN_CASES: Grant(
        "Give a waiting case to a colleague, who holds it then like one taken from the queue.",
        roles=frozenset({Role.LEAD}),
    ),
    Permission.SEE_TEAM: Grant(
        "See what the team does as a whole, from five people up; nothing of a single person.",
        roles=frozenset({Role.LEAD}),
    ),
    Permission.CONFIRM_EMAILED: Grant(
        "Read what came by e-mail; confirm it as a referral of a sender, or refuse it.",
        roles=frozenset({Role.LEAD}),
    ),
    Permission.REVEAL_EVIDENCE: Grant(
        "See evidence of a case one holds, step by step; each step is on the trail before it is shown.",
        roles=_JUDGES,
    ),
    Permission.REVEAL_IN_RECORD: Grant(
        "See evidence in the record of any case, step by step; each step is on the trail before it is shown.",
        roles=frozenset({Role.LEGAL}),
    ),
    Permission.CHOOSE_COMFORT: Grant(
        "Choose how pictures appear to oneself, and one's own limits; see what one was shown today.",
        roles=frozenset({Role.MODERATOR, Role.LEAD, Role.LEGAL}),
    ),
    Permission.ANSWER: Grant(
        "Answer what we ask about one's own organisation's referrals.",
        roles=_OWN,
        scopes=frozenset({Scope.REFER}),
    ),
    Permission.SEE_QUALITY: Grant(
        "See how far reviewers agree, and the samples for quality review with what was found.",
        roles=frozenset({Role.LEAD, Role.LEGAL}),
    ),
    Permission.JUDGE_QUALITY: Grant(
        "Draw samples of decided cases; read and judge those that one had no part in, each on the trail.",
        roles=frozenset({Role.LEAD}),
    ),
    Permission.FOLLOW_RESTRICTIONS: Grant(
        "See which restrictions are not in place; send dead letters to the platform again.",
        roles=frozenset({Role.LEAD, Role.LEGAL}),
    ),
    Permission.REPORT_RESTRICTIONS: Grant(
        "Report a restriction as in place or as failed: the platform its own, a lead by hand, on the trail.",
        roles=frozenset({Role.LEAD}),
        scopes=frozenset({Scope.PLATFORM}),
    ),
    Permission.UNMASK_REVIEWERS: Grant(
        "Be told who recorded a review, for a reason that goes on the trail.", roles=frozenset({Role.LEGAL})
    ),
    Permission.COMPLAIN: Grant(
        "Complain of a decision on one's own organisation's items, within six months.",
        roles=_OWN,
        scopes=frozenset({Scope.REFER}),
    ),
    Permission.REGISTER_COMPLAINTS: Grant(
        "Enter a complaint of the user whose content was decided on.", roles=frozenset({Role.LEGAL})
    ),
    Permission.JUDGE_COMPLAINTS: Grant(
        "See which decisions were complained of; judge those in whose case one has reviewed nothing before.",
        roles=frozenset({Role.LEAD}),
    ),
    Permission.PLACE_HOLDS: Grant(
        "Place a legal hold on a record, so that nothing of it is erased.", roles=frozenset({Role.LEGAL})
    ),
    Permission.RELEASE_HOLDS: Grant(
        "See the legal holds; release one that somebody else placed.",
        roles=frozenset({Role.LEGAL, Role.ADMIN}),
    ),
    Permission.REQUEST_ERASURES: Grant(
        "See which records are due for review; request that parts of records are erased.",
        roles=frozenset({Role.LEGAL}),
    ),
    Permission.SETTLE_ERASURES: Grant(
        "See what is asked to be erased, nothing of its content; approve or refuse what somebody else asked.",
        roles=frozenset({Role.LEGAL, Role.ADMIN}),
    ),
    Permission.EXPORT_RECORDS: Grant(
        "Ask for files of chosen cases, for a reason that goes on the trail; see, cancel and fetch them.",
        roles=frozenset({Role.LEGAL}),
    ),
}

REVIEWERS: frozenset[Role] = _JUDGES
"""Who reviews cases, and so whom one can be given to."""
RESOLVERS: frozenset[Role] = frozenset({Role.LEAD})
"""Who judges a case on which two reviews differ or of which somebody complains, having written none."""


def can(actor: Actor, permission: Permission) -> bool:
    """Whether this actor holds the permission; loops and commands act within their own code only."""
    grant = GRANTS[permission]
    if grant.anyone:
        return True
    if actor.kind == "account":
        return actor.role in grant.roles
    if actor.kind == "sender":
        return bool(actor.scopes & grant.scopes)
    return False


def check_permission(actor: Actor, permission: Permission) -> None:
    """Raise `NotPermitted` (people) or `ScopeTooSmall` (keys) unless the actor holds the permission."""
    if can(actor, permission):
        return
    if actor.kind == "sender":
        wanted = ", ".join(sorted(GRANTS[permission].scopes)) or "none"
        raise ScopeTooSmall(f"This key lacks the scope that this needs ({wanted}); ask for another key.")
    raise NotPermitted("Your role does not allow this; ask an administrator if it should.")


def check_operator(actor: Actor) -> None:
    """Raise `NotPermitted` unless a command acts; people, keys and loops may not do what needs one."""
    if actor.kind != OPERATOR.kind:
        raise NotPermitted("Only a command on the server does this; ask whoever runs it.")


def check_operator_or(actor: Actor, permission: Permission) -> None:
    """Raise `NotPermitted` unless a command acts or a person who holds the permission."""
    if actor.kind != OPERATOR.kind and not can(actor, permission):
        raise NotPermitted("Your role does not allow this; ask an administrator if it should.")


def is_own_account(actor: Actor, account_id: str) -> bool:
    """Whether the actor is that account's person: nobody changes the own role or closes oneself."""
    return actor.kind == "account" and actor.account_id == account_id


def check_not_own_account(actor: Actor, account_id: str) -> None:
    """Raise `NotPermitted` where somebody would change the own access."""
    if is_own_account(actor, account_id):
        raise NotPermitted("This is your own account; another administrator changes who may do what with it.")


def check_service(actor: Actor) -> None:
    """Raise `NotPermitted` unless a loop of this program acts."""
    if actor.kind != "service":
        raise NotPermitted("Only the desk's own background work does this.")
