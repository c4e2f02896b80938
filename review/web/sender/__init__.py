"""Pages and addresses of one audience: sender."""

from flask import Blueprint

blueprints: tuple[Blueprint, ...] = ()
