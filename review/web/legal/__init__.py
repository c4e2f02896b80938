"""Pages and addresses of one audience: legal."""

from flask import Blueprint

from review.web.legal import numbers, records, trail

blueprints: tuple[Blueprint, ...] = (records.blueprint, trail.blueprint, numbers.blueprint)
