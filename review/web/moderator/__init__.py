"""Pages and addresses of one audience: moderator."""

from flask import Blueprint

blueprints: tuple[Blueprint, ...] = ()
