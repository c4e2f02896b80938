"""Lets the loops of a process give back, once they rest, what they held for their work."""

from collections.abc import Collection

from flask import Flask

from review import db, memory


class Rest:
    """Rest begins when every loop has looked for work and a whole look brought none.

    Each loop keeps a connection open for its next turn, and SQLite a part of the file for each of them; with
    a dozen loops that is more than all their work needs. Loops at rest take turns on one or two.
    """

    def __init__(self, loops: Collection[str]) -> None:
        self._expected = set(loops)
        self._worked = True
        self._given_back = False

    def turned(self, loop: str, *, worked: bool) -> None:
        """Note the end of a turn, and whether there was something to do."""
        self._expected.discard(loop)
        if worked:
            self._worked, self._given_back = True, False

    def look(self, app: Flask) -> bool:
        """Give back once where rest has begun since the last look; whether it did.

        Connections in use stay; a server's are left alone, because making them anew costs it more.
        """
        if self._expected or self._given_back:
            return False
        if self._worked:
            self._worked = False
            return False
        self._given_back = True
        with app.app_context():
            if db.is_sqlite(db.extension.engine):
                db.extension.engine.dispose()
        memory.give_back()
        return True
