"""Pages and addresses of one audience: sender."""

from flask import Blueprint

from review.web.sender import home, keys, referral, referrals

blueprints: tuple[Blueprint, ...] = (
    home.blueprint,
    referrals.blueprint,
    referral.blueprint,
    keys.blueprint,
)
