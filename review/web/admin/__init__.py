"""Pages and addresses of one audience: admin."""

from flask import Blueprint

from review.web.admin import (
    account_changes,
    accounts,
    factors,
    health,
    invitations,
    permissions,
    settings,
)

blueprints: tuple[Blueprint, ...] = (
    health.blueprint,
    accounts.blueprint,
    account_changes.blueprint,
    invitations.blueprint,
    factors.blueprint,
    permissions.blueprint,
    settings.blueprint,
)
