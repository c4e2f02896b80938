"""Pages and addresses of one audience: sender."""

from flask import Blueprint

from review.web.sender import (
    complaints,
    deliveries,
    endpoints,
    files,
    home,
    keys,
    notices,
    refer,
    referral,
    referrals,
)

blueprints: tuple[Blueprint, ...] = (
    home.blueprint,
    referrals.blueprint,
    refer.blueprint,
    referral.blueprint,
    complaints.blueprint,
    files.blueprint,
    keys.blueprint,
    endpoints.blueprint,
    deliveries.blueprint,
    notices.blueprint,
)
