"""Signs the newest tree head, after everything behind it was hashed anew at the start and once a day."""

from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from flask import Flask

from review import clock
from review.actions import trail

WHOLE_EVERY = timedelta(days=1)

_looked_through: WeakKeyDictionary[Flask, datetime] = WeakKeyDictionary()
"""When each desk of this process had every entry hashed anew."""


def run_once(app: Flask) -> bool:
    """One checkpoint; never more at once, because it covers all that there is."""
    now, last = clock.now(), _looked_through.get(app)
    whole = last is None or now - last >= WHOLE_EVERY
    trail.sign_checkpoint(folder=app.config["REVIEW_SETTINGS"].signer_dir, whole=whole)
    if whole:
        _looked_through[app] = now
    return False
