"""The tables, one file per noun."""

from review.models.accounts import Account, OneTimeLink, RateCount, SignIn
from review.models.base import Base
from review.models.batches import Batch, BatchLine
from review.models.cases import Case
from review.models.clauses import Clause, ClauseDraft, ClauseVersion
from review.models.decisions import Answer, Decision, Draft, Restriction, Review, ReviewClause
from review.models.emailed import EmailedReferral
from review.models.escalations import Escalation
from review.models.evidence import Evidence
from review.models.factors import HalfSignIn, Passkey, RecoveryCode, TotpFactor
from review.models.heartbeats import Heartbeat
from review.models.numbers import CountedPosition, DayCount
from review.models.referrals import Item, Referral, RefusedItem, StoredAnswer
from review.models.search import SearchEntry, SearchMark
from review.models.senders import FlaggerStatus, Sender, SenderKey
from review.models.settings import ChosenSetting
from review.models.snippets import ReviewCompanion, ReviewSnippet, Snippet, SnippetVersion
from review.models.trail import Leaf, Opening, PendingEvent, StoredCheckpoint, StoredTile, TreeHead
from review.models.trail_runs import TrailRun

__all__ = [
    "Account",
    "Answer",
    "Base",
    "Batch",
    "BatchLine",
    "Case",
    "ChosenSetting",
    "Clause",
    "ClauseDraft",
    "ClauseVersion",
    "CountedPosition",
    "DayCount",
    "Decision",
    "Draft",
    "EmailedReferral",
    "Escalation",
    "Evidence",
    "FlaggerStatus",
    "HalfSignIn",
    "Heartbeat",
    "Item",
    "Leaf",
    "OneTimeLink",
    "Opening",
    "Passkey",
    "PendingEvent",
    "RateCount",
    "RecoveryCode",
    "Referral",
    "RefusedItem",
    "Restriction",
    "Review",
    "ReviewClause",
    "ReviewCompanion",
    "ReviewSnippet",
    "SearchEntry",
    "SearchMark",
    "Sender",
    "SenderKey",
    "SignIn",
    "Snippet",
    "SnippetVersion",
    "StoredAnswer",
    "StoredCheckpoint",
    "StoredTile",
    "TotpFactor",
    "TrailRun",
    "TreeHead",
]
