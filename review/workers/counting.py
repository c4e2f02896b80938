"""Follows the trail and counts it day by day for the numbers page."""

from flask import Flask

from review.actions.numbers import BATCH, count_entries
from review.domain.permissions import SERVICE


def run_once(app: Flask) -> bool:
    """One batch; whether a full one hints at more."""
    return count_entries(actor=SERVICE) == BATCH
