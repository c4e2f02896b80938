"""Pages and addresses of one audience: signin."""

from flask import Blueprint

blueprints: tuple[Blueprint, ...] = ()
