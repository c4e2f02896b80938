"""Pages and addresses of one audience: legal."""

from flask import Blueprint

from review.web.legal import records, senders, trail

blueprints: tuple[Blueprint, ...] = (records.blueprint, trail.blueprint, senders.blueprint)
