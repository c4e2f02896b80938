"""Pages and addresses of one audience: signin."""

from flask import Blueprint

from review.web.signin import (
    confirm,
    display,
    enrol,
    factor,
    home,
    links,
    my_factors,
    navigation,
    recovery_codes,
    security,
    sign_in,
    sign_out,
    stay,
)

blueprints: tuple[Blueprint, ...] = (
    display.blueprint,
    home.blueprint,
    links.blueprint,
    navigation.blueprint,
    sign_in.blueprint,
    sign_out.blueprint,
    stay.blueprint,
    factor.blueprint,
    enrol.blueprint,
    confirm.blueprint,
    my_factors.blueprint,
    recovery_codes.blueprint,
    security.blueprint,
)
