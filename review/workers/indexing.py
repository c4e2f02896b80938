"""Reads new referrals into what search looks hosts and digests up in."""

from flask import Flask

from review.actions.indexing import index_referrals
from review.domain.permissions import SERVICE


def run_once(app: Flask) -> bool:
    """One turn, never two without a pause: nobody waits for this, and moderators write meanwhile."""
    index_referrals(actor=SERVICE)
    return False
