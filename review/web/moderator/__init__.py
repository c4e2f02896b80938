"""Pages and addresses of one audience: moderator."""

from flask import Blueprint

from review.web.moderator import cases, decisions, emailed, queue, search

blueprints: tuple[Blueprint, ...] = (
    queue.blueprint,
    cases.blueprint,
    decisions.blueprint,
    search.blueprint,
    emailed.blueprint,
)
