"""The tables, one file per noun."""

from review.models.accounts import Account, OneTimeLink, RateCount, SignIn
from review.models.base import Base
from review.models.batches import Batch, BatchLine
from review.models.breaks import Break
from review.models.cases import Case
from review.models.clauses import Clause, ClauseDraft, ClauseVersion
from review.models.comforts import ChosenComfort
from review.models.complaints import Complaint
from review.models.decisions import Answer, Decision, Draft, Restriction, Review, ReviewClause
from review.models.emailed import EmailedReferral
from review.models.endpoints import Delivery, DeliveryAttempt, Endpoint
from review.models.erasures import ErasedPart, Erasure
from review.models.escalations import Escalation
from review.models.evidence import Evidence, EvidenceLook, Reveal
from review.models.exports import Export
from review.models.factors import HalfSignIn, Passkey, RecoveryCode, TotpFactor
from review.models.heartbeats import Heartbeat
from review.models.holds import LegalHold
from review.models.leaving import Pass, SetAside
from review.models.looks import CaseTerm, FirstLook, PicturePart, ShownPrecedent
from review.models.notes import Note, NoteMention
from review.models.numbers import CountedPosition, DayCount
from review.models.quality import QualityEntry, QualitySample
from review.models.questions import Question
from review.models.referrals import Item, Referral, RefusedItem, StoredAnswer
from review.models.refusals import RefusalMark
from review.models.search import SearchEntry, SearchMark
from review.models.senders import FlaggerStatus, Sender, SenderKey
from review.models.settings import ChosenSetting
from review.models.snippets import ReviewCompanion, ReviewSnippet, Snippet, SnippetVersion
from review.models.trail import Leaf, Opening, PendingEvent, StoredCheckpoint, StoredTile, TreeHead
from review.models.trail_runs import TrailRun
from review.models.uploaded_files import UploadedFile
from review.models.witnesses import Cosignature, WitnessTry

__all__ = [
    "Account",
    "Answer",
    "Base",
    "Batch",
    "BatchLine",
    "Break",
    "Case",
    "CaseTerm",
    "ChosenComfort",
    "ChosenSetting",
    "Clause",
    "ClauseDraft",
    "ClauseVersion",
    "Complaint",
    "Cosignature",
    "CountedPosition",
    "DayCount",
    "Decision",
    "Delivery",
    "DeliveryAttempt",
    "Draft",
    "EmailedReferral",
    "Endpoint",
    "ErasedPart",
    "Erasure",
    "Escalation",
    "Evidence",
    "EvidenceLook",
    "Export",
    "FirstLook",
    "FlaggerStatus",
    "HalfSignIn",
    "Heartbeat",
    "Item",
    "Leaf",
    "LegalHold",
    "Note",
    "NoteMention",
    "OneTimeLink",
    "Opening",
    "Pass",
    "Passkey",
    "PendingEvent",
    "PicturePart",
    "QualityEntry",
    "QualitySample",
    "Question",
    "RateCount",
    "RecoveryCode",
    "Referral",
    "RefusalMark",
    "RefusedItem",
    "Restriction",
    "Reveal",
    "Review",
    "ReviewClause",
    "ReviewCompanion",
    "ReviewSnippet",
    "SearchEntry",
    "SearchMark",
    "Sender",
    "SenderKey",
    "SetAside",
    "ShownPrecedent",
    "SignIn",
    "Snippet",
    "SnippetVersion",
    "StoredAnswer",
    "StoredCheckpoint",
    "StoredTile",
    "TotpFactor",
    "TrailRun",
    "TreeHead",
    "UploadedFile",
    "WitnessTry",
]
