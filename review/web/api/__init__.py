"""Pages and addresses of one audience: api."""

from flask import Blueprint

from review.web.api import batches, docs, endpoints, openapi, receipts, referrals, restrictions

blueprints: tuple[Blueprint, ...] = (
    batches.blueprint,
    docs.blueprint,
    endpoints.blueprint,
    openapi.blueprint,
    receipts.blueprint,
    referrals.blueprint,
    restrictions.blueprint,
)
