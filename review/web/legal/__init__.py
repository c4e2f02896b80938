"""Pages and addresses of one audience: legal."""

from flask import Blueprint

from review.web.legal import (
    agreement,
    bundles,
    complaints,
    erasures,
    escalations,
    evidence,
    exports,
    holds,
    notes,
    numbers,
    quality,
    quality_evidence,
    records,
    restrictions,
    retention,
    senders,
    team,
    trail,
    unmasking,
)

blueprints: tuple[Blueprint, ...] = (
    records.blueprint,
    evidence.blueprint,
    bundles.blueprint,
    escalations.blueprint,
    complaints.blueprint,
    restrictions.blueprint,
    trail.blueprint,
    senders.blueprint,
    numbers.blueprint,
    team.blueprint,
    notes.blueprint,
    agreement.blueprint,
    quality.blueprint,
    quality_evidence.blueprint,
    unmasking.blueprint,
    holds.blueprint,
    erasures.blueprint,
    retention.blueprint,
    exports.blueprint,
)
