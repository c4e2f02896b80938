"""Pages and addresses of one audience: legal."""

from flask import Blueprint

from review.web.legal import agreement, escalations, numbers, quality, records, senders, team, trail

blueprints: tuple[Blueprint, ...] = (
    records.blueprint,
    escalations.blueprint,
    trail.blueprint,
    senders.blueprint,
    numbers.blueprint,
    team.blueprint,
    agreement.blueprint,
    quality.blueprint,
)
