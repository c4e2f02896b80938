"""Pages and addresses of one audience: moderator."""

from flask import Blueprint

from review.web.moderator import (
    assigning,
    breaks,
    cases,
    clauses,
    comfort,
    complaints,
    decisions,
    emailed,
    evidence,
    keys,
    leaving,
    looks,
    my_work,
    notes,
    queue,
    resting,
    search,
)

blueprints: tuple[Blueprint, ...] = (
    queue.blueprint,
    cases.blueprint,
    clauses.blueprint,
    decisions.blueprint,
    search.blueprint,
    assigning.blueprint,
    my_work.blueprint,
    emailed.blueprint,
    leaving.blueprint,
    notes.blueprint,
    breaks.blueprint,
    evidence.blueprint,
    comfort.blueprint,
    resting.blueprint,
    looks.blueprint,
    complaints.blueprint,
    keys.blueprint,
)
