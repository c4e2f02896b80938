"""Pages and addresses of one audience: admin."""

from flask import Blueprint

from review.web.admin import clause_drafts, clause_publishing, clauses, health

blueprints: tuple[Blueprint, ...] = (
    health.blueprint,
    clauses.blueprint,
    clause_drafts.blueprint,
    clause_publishing.blueprint,
)
