"""Going everywhere: each address of the routes with real ids, and each link that a page or answer gives."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from tests.web.walls.marks import Mark
from tests.web.walls.stage import Ids, Stage

NAMES = {
    "name": "REVIEW_TARGET_SECONDS",
    "code": "not_found",
    "filename": "desk.css",
    "place": "0/000",
    "before": "00000000",
    "version_id": "W-0000-0000-0000",
    "review_id": "V-0000-0000-0000",
    "hold_id": "H-0000-0000-0000",
    "erasure_id": "X-0000-0000-0000",
    "email_id": "M-0000-0000-0000",
}
"""Parts of addresses that name something of the program itself, or what is not on this stage."""
MOST_LINKS = 400
SAME_FOR_ALL = ("/static/", "/display", "/errors/")
"""Where links need not be followed: one page of each is looked at anyway."""
FOR_PROGRAMS = ("/api/", "/log/", "/errors/", "/healthz", "/readyz", "/metrics")
_PART = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")
_LINK = re.compile(r"""(?:href="|"(?:self|receipt|results|next)":")(/[^"#]*)""")


@dataclass(frozen=True)
class Answered:
    """One answer, all that a person or program gets of it."""

    address: str
    status: int
    headers: str
    text: str

    @property
    def whole(self) -> str:
        """Status line, headers and body."""
        return f"{self.status}\n{self.headers}\n{self.text}"


def parts_of(rule: Rule) -> list[str]:
    """The names of the parts of a route's address that are filled in."""
    return _PART.findall(rule.rule)


def addresses(rule: Rule, ids: Ids) -> Iterator[str]:
    """The route's address with each of these ids in its place; a part of unknown name takes all.

    Where there are several parts, which of them belong together is left to the links of the pages.
    """
    every = [one for some in ids.values() for one in some]
    choices = [_fitting(name, ids, every) for name in parts_of(rule)]
    for number in range(max(map(len, choices), default=1)):
        yield fill(rule, (some[number % len(some)] for some in choices))


def fill(rule: Rule, chosen: Iterable[str]) -> str:
    """The route's address with these in its parts."""
    address = rule.rule
    for one in chosen:
        address = _PART.sub(one, address, count=1)
    return address


def _fitting(name: str, ids: Ids, every: list[str]) -> list[str]:
    return [NAMES[name]] if name in NAMES else ids.get(name, every)


def all_ids(stage: Stage, *whose: str) -> Ids:
    """The ids of these, by the name that they have in addresses."""
    together: Ids = {}
    for one in whose or ("own", "other", "house"):
        for name, found in stage.ids[one].items():
            together.setdefault(name, []).extend(found)
    return together


def by_parameters(stage: Stage) -> tuple[str, ...]:
    """Addresses of the API that name things of ours and of others in their queries."""
    receipts = [
        f"/api/v1/referrals/{referral}/receipt?item={item}"
        for whose in ("own", "other")
        for referral, item in itertools.product(stage.ids["own"]["referral_id"], stage.ids[whose]["item_id"])
    ]
    batches = [f"/api/v1/referrals?batch={one}" for one in all_ids(stage)["batch_id"]]
    return (
        *receipts,
        *batches,
        "/api/v1/referrals?limit=1",
        f"/api/v1/referrals?reference={Mark.OWN_REFERENCE}",
    )


def readable(app: Flask) -> list[Rule]:
    """Routes that answer GET."""
    return [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())]


def crawl(
    stage: Stage,
    client: FlaskClient,
    *,
    headers: Mapping[str, str] | None = None,
    within: tuple[str, ...] = ("/",),
    more: tuple[str, ...] = (),
    methods: tuple[str, ...] = ("GET",),
) -> list[Answered]:
    """Every readable address with all ids of the stage, and then every link that was given.

    ``within``: how the addresses begin; ``more``: further ones to start from.
    """
    waiting = [*more]
    for rule in readable(stage.desk.app):
        if rule.rule.startswith(within):
            waiting += addresses(rule, all_ids(stage))
    answers: list[Answered] = []
    known = len(waiting)
    seen = set(waiting)
    while waiting:
        address = waiting.pop(0)
        for method in methods:
            with client.open(address, method=method, headers=headers) as answer:
                answers.append(answered(address, answer))
        links = [link for link in _links(answers[-len(methods)]) if link not in seen]
        seen.update(links)
        waiting += [link for link in links if link.startswith(within)]
        assert len(seen) < known + MOST_LINKS, "a page gives links without end"
    return answers


def answered(address: str, answer: Response) -> Answered:
    """What came back, told apart from how."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers)
    return Answered(address, answer.status_code, headers, answer.get_data().decode("utf-8", "replace"))


def token_on(client: FlaskClient, address: str = "/display") -> str:
    """The token of the forms on a page."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(address).text)
    assert found is not None, address
    return found[1]


def _links(answer: Answered) -> Iterator[str]:
    for found in _LINK.findall(answer.text):
        address = found.replace("&amp;", "&")
        if not urlsplit(address).path.startswith(SAME_FOR_ALL):
            yield address
