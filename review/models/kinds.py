"""The objects that have a chain of events on the trail, by the kind that events name."""

from review.models.accounts import Account
from review.models.base import OnTrail
from review.models.batches import Batch
from review.models.cases import Case
from review.models.clauses import Clause
from review.models.decisions import Restriction
from review.models.emailed import EmailedReferral
from review.models.endpoints import Delivery, Endpoint
from review.models.erasures import Erasure
from review.models.holds import LegalHold
from review.models.quality import QualitySample
from review.models.referrals import Item, Referral
from review.models.senders import Sender, SenderKey
from review.models.settings import ChosenSetting
from review.models.snippets import Snippet
from review.models.uploaded_files import UploadedFile

type_of_object: dict[str, type[OnTrail]] = {
    "account": Account,
    "batch": Batch,
    "case": Case,
    "clause": Clause,
    "item": Item,
    "key": SenderKey,
    "referral": Referral,
    "sender": Sender,
    "setting": ChosenSetting,
    "email": EmailedReferral,
    "snippet": Snippet,
    "sample": QualitySample,
    "endpoint": Endpoint,
    "delivery": Delivery,
    "restriction": Restriction,
    "file": UploadedFile,
    "hold": LegalHold,
    "erasure": Erasure,
}
