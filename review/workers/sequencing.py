"""Gives pending events their positions in the trail."""

from flask import Flask

from review.actions import trail
from review.ledger import BATCH


def run_once(app: Flask) -> bool:
    """One batch; whether a full one hints at more. Few events wait for company: a step costs the same."""
    head = trail.sequence_events()
    return head is not None and head.added == BATCH
