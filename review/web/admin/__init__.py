"""Pages and addresses of one audience: admin."""

from flask import Blueprint

blueprints: tuple[Blueprint, ...] = ()
