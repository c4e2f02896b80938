"""Ends claims whose time is over, so that the trail tells of each of them."""

from flask import Flask

from review.actions.cases import EXPIRY_BATCH, expire_claims
from review.domain.permissions import SERVICE


def run_once(app: Flask) -> bool:
    """One turn of the loop; whether a full batch hints at more."""
    return expire_claims(actor=SERVICE) == EXPIRY_BATCH
