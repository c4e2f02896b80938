"""Pages and addresses of one audience: signin."""

from flask import Blueprint

from review.web.signin import display, home, links, navigation, sign_in, sign_out

blueprints: tuple[Blueprint, ...] = (
    display.blueprint,
    home.blueprint,
    links.blueprint,
    navigation.blueprint,
    sign_in.blueprint,
    sign_out.blueprint,
)
