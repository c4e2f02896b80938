"""Pages and addresses of one audience: admin."""

from flask import Blueprint

from review.web.admin import (
    account_changes,
    accounts,
    clause_drafts,
    clause_publishing,
    clauses,
    factors,
    health,
    invitations,
    permissions,
    sender_changes,
    sender_keys,
    senders,
    settings,
    snippets,
)

blueprints: tuple[Blueprint, ...] = (
    health.blueprint,
    accounts.blueprint,
    account_changes.blueprint,
    invitations.blueprint,
    factors.blueprint,
    permissions.blueprint,
    senders.blueprint,
    sender_changes.blueprint,
    sender_keys.blueprint,
    clauses.blueprint,
    clause_drafts.blueprint,
    clause_publishing.blueprint,
    settings.blueprint,
    snippets.blueprint,
)
