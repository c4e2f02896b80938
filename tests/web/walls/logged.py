"""What does this process write to its log? Everything, structured or by Flask, as it would stand there."""

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from review import logs


@contextmanager
def log_lines() -> Iterator[io.StringIO]:
    """Gather what is logged inside; programs that are made inside set their log up anew, and well."""
    before, written = sys.stderr, io.StringIO()
    plain = logging.StreamHandler(written)
    logging.getLogger().addHandler(plain)
    sys.stderr = written
    try:
        logs.configure()
        yield written
    finally:
        sys.stderr = before
        logging.getLogger().removeHandler(plain)
        logs.configure()
