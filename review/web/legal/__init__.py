"""Pages and addresses of one audience: legal."""

from flask import Blueprint

blueprints: tuple[Blueprint, ...] = ()
