"""Pages and addresses of one audience: api."""

from flask import Blueprint

from review.web.api import receipts, referrals

blueprints: tuple[Blueprint, ...] = (receipts.blueprint, referrals.blueprint)
