"""Pages and addresses of one audience: admin."""

from flask import Blueprint

from review.web.admin import factors, health

blueprints: tuple[Blueprint, ...] = (health.blueprint, factors.blueprint)
