"""Pages and addresses of one audience: public."""

from flask import Blueprint

from review.web.public import health, log

blueprints: tuple[Blueprint, ...] = (health.blueprint, log.blueprint)
