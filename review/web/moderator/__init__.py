"""Pages and addresses of one audience: moderator."""

from flask import Blueprint

from review.web.moderator import assigning, cases, clauses, decisions, emailed, keys, my_work, queue, search

blueprints: tuple[Blueprint, ...] = (
    queue.blueprint,
    cases.blueprint,
    clauses.blueprint,
    decisions.blueprint,
    search.blueprint,
    assigning.blueprint,
    my_work.blueprint,
    emailed.blueprint,
    keys.blueprint,
)
