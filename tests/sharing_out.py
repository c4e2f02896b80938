"""Which process runs which tests, where there are several."""

from xdist.scheduler import LoadGroupScheduling


class WallsTogether(LoadGroupScheduling):
    """Each test goes to whoever is free, all walls of a database to one: going everywhere takes minutes."""

    def _split_scope(self, nodeid: str) -> str:
        if "/walls/" not in nodeid:
            return nodeid
        return "walls on PostgreSQL" if "[postgresql" in nodeid else "walls on SQLite"
