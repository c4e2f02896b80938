"""Signs the newest tree head, and lets witnesses be asked without waiting for them."""

from flask import Flask

from review.actions import trail
from review.workers import witnessing


def run_once(app: Flask) -> bool:
    """One checkpoint; never more at once, because it covers all that there is."""
    trail.sign_checkpoint(folder=app.config["REVIEW_SETTINGS"].data_dir)
    witnessing.ask_witnesses(app)
    return False


def finish(app: Flask) -> None:
    """Wait for the witnesses under way, which their time limit ends, and record what they said."""
    witnessing.finish(app)
