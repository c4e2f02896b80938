"""Pages and addresses of one audience: api."""

from flask import Blueprint

blueprints: tuple[Blueprint, ...] = ()
