"""Pages and addresses of one audience: public."""

from flask import Blueprint

blueprints: tuple[Blueprint, ...] = ()
