"""Pages and addresses of one audience: public."""

from flask import Blueprint

from review.web.public import accessibility, errors, health, log, metrics, notices, verifier, verify

blueprints: tuple[Blueprint, ...] = (
    accessibility.blueprint,
    errors.blueprint,
    health.blueprint,
    log.blueprint,
    metrics.blueprint,
    notices.blueprint,
    verifier.blueprint,
    verify.blueprint,
)
