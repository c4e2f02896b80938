"""Follows the trail and counts it day by day for the numbers page."""

from flask import Flask

from review.actions.numbers import count_entries
from review.domain.permissions import SERVICE


def run_once(app: Flask) -> bool:
    """One turn, never two without a pause: nobody waits for this, and people work meanwhile."""
    count_entries(actor=SERVICE)
    return False
