"""Pages and addresses of one audience: api."""

from flask import Blueprint

from review.web.api import referrals

blueprints: tuple[Blueprint, ...] = (referrals.blueprint,)
