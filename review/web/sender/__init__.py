"""Pages and addresses of one audience: sender."""

from flask import Blueprint

from review.web.sender import keys, referrals

blueprints: tuple[Blueprint, ...] = (referrals.blueprint, keys.blueprint)
