"""Desks of tests and of the bench draw no second reviews: there one review is one decision."""

NO_DRAW = {"REVIEW_SECOND_REVIEW_SHARE": "0"}
"""The one place that says so; the product's own default stays what it is."""

DRAWN, NOT_DRAWN = -1.0, 2.0
"""Lots that are drawn, or not, whatever the share."""
