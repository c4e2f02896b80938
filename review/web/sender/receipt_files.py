"""A receipt as a file for people; back to where it was asked for while no checkpoint covers the event."""

from flask import Response, flash, redirect
from werkzeug import Response as AnyResponse

from review.queries.receipts import Receipt
from review.web.texts import gettext


def receipt_file(found: Receipt, object_id: str, back: str) -> AnyResponse:
    """The document, named after what it is the receipt of; ``back`` is the page that asks for it."""
    if found.text is None:
        words = gettext("The receipt is not ready yet; it takes a few seconds. Try again in a moment.")
        flash(words, "warning")
        return redirect(back, 303)
    answer = Response(found.text, mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="{object_id}-receipt.txt"'
    return answer
