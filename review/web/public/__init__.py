"""Pages and addresses of one audience: public."""

from flask import Blueprint

from review.web.public import errors, health, log, metrics

blueprints: tuple[Blueprint, ...] = (
    errors.blueprint,
    health.blueprint,
    log.blueprint,
    metrics.blueprint,
)
