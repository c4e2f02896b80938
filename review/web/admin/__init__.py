"""Pages and addresses of one audience: admin."""

from flask import Blueprint

from review.web.admin import health, settings

blueprints: tuple[Blueprint, ...] = (health.blueprint, settings.blueprint)
