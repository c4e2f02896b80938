"""One JSON line per event on standard error; never a key, token, password or the text of a notice."""

import logging
import sys

import structlog


def configure(*, level: int = logging.INFO) -> None:
    """Set structlog up for this process; escapes everything that a terminal could act upon."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
