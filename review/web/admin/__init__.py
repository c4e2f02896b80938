"""Pages and addresses of one audience: admin."""

from flask import Blueprint

from review.web.admin import health, sender_changes, sender_keys, senders

blueprints: tuple[Blueprint, ...] = (
    health.blueprint,
    senders.blueprint,
    sender_changes.blueprint,
    sender_keys.blueprint,
)
