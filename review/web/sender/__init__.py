"""Pages and addresses of one audience: sender."""

from flask import Blueprint

from review.web.sender import deliveries, endpoints, home, keys, notices, refer, referral, referrals

blueprints: tuple[Blueprint, ...] = (
    home.blueprint,
    referrals.blueprint,
    refer.blueprint,
    referral.blueprint,
    keys.blueprint,
    endpoints.blueprint,
    deliveries.blueprint,
    notices.blueprint,
)
