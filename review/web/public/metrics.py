"""Figures for Prometheus, for this machine or a holder of the token; no content and no names."""

from collections.abc import Iterator

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.exc import SQLAlchemyError

from review import clock, db
from review import metrics as counted
from review.domain.permissions import Permission
from review.errors import NotPermitted
from review.queries.figures import Figure, figures
from review.web import guard, insiders

blueprint = Blueprint("public_metrics", __name__)


class _Read:
    """Gives the figures read from the database to the library that writes them."""

    def __init__(self, found: list[Figure], *, up: bool) -> None:
        self._found = found
        self._up = up

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Figures of one name together, as the format wants them."""
        yield GaugeMetricFamily("review_database_up", "1 where the database answers.", value=float(self._up))
        families: dict[str, GaugeMetricFamily] = {}
        for figure in self._found:
            names = [name for name, _value in figure.labels]
            if figure.name not in families:
                families[figure.name] = GaugeMetricFamily(
                    f"review_{figure.name}", figure.sentence, labels=names
                )
            families[figure.name].add_metric([value for _name, value in figure.labels], figure.value)
        yield from families.values()


@blueprint.get("/metrics")
@guard.access(Permission.ANYONE)
def page() -> Response:
    """What this server counted, and what the database holds now."""
    if not insiders.is_insider():
        raise NotPermitted("Only this machine or a holder of REVIEW_METRICS_TOKEN reads the figures.")
    try:
        found, up = list(figures(db.session(), now=clock.now())), True
    except SQLAlchemyError:
        found, up = [], False
    registry = CollectorRegistry()
    registry.register(_Read(found, up=up))
    text = counted.as_text() + generate_latest(registry)
    return Response(text, mimetype="text/plain", content_type="text/plain; version=0.0.4; charset=utf-8")
