"""Gives pending events their positions in the trail."""

from flask import Flask

from review.actions import trail


def run_once(app: Flask) -> bool:
    """One batch; whether there was anything to do."""
    return trail.sequence_events() is not None
