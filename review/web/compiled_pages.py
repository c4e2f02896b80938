"""Compiled templates, kept beside them as Python keeps its modules: a start need not compile them again."""

import sys
from contextlib import suppress
from hashlib import sha256
from os import W_OK, access
from pathlib import Path
from pickle import UnpicklingError

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

FOLDER = Path(__file__).parent.parent / "templates" / "__pycache__"


class KeptPages(FileSystemBytecodeCache):
    """What was compiled of a template and of how we read templates; either changed, it is compiled anew.

    Whoever may write there could as well change the program. A file that cannot be written is done without.
    """

    def __init__(self, folder: Path, *, read_with: bytes) -> None:
        super().__init__(str(folder), "%s.page")
        self._read_with = read_with

    def get_source_checksum(self, source: str) -> str:
        """What the compiled template depends on."""
        return sha256(self._read_with + source.encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what is kept; a damaged file counts as none."""
        try:
            super().load_bytecode(bucket)
        except (UnpicklingError, EOFError, ValueError):
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it, where there is room."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def kept_pages(*, read_with: bytes, folder: Path = FOLDER) -> KeptPages | None:
    """Those of this program; None where Python may not keep its modules either.

    ``read_with``: all that what is compiled of a template depends on beside its text.
    """
    if sys.dont_write_bytecode:
        return None
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
        if access(folder, W_OK):
            return KeptPages(folder, read_with=read_with)
    return None
