"""Ends what is over: claims, questions to legal and to senders, told on the trail; answers to retries."""

from flask import Flask

from review.actions.cases import EXPIRY_BATCH, expire_claims
from review.actions.escalations import BATCH as ESCALATION_BATCH
from review.actions.escalations import end_escalations
from review.actions.questions import BATCH as QUESTION_BATCH
from review.actions.questions import end_questions
from review.actions.referrals import FORGET_BATCH, forget_answers
from review.domain.permissions import SERVICE


def run_once(app: Flask) -> bool:
    """One turn of the loop; whether a full batch hints at more."""
    more_claims = expire_claims(actor=SERVICE) == EXPIRY_BATCH
    more_answers = forget_answers(actor=SERVICE) == FORGET_BATCH
    more_escalations = end_escalations(actor=SERVICE) == ESCALATION_BATCH
    more_questions = end_questions(actor=SERVICE) == QUESTION_BATCH
    return more_claims or more_answers or more_escalations or more_questions
