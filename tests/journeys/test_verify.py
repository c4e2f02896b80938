"""The public check of receipts in a real browser: small, clean in every look, and whole without a script."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, FilePayload, Response, expect

from tests.conftest import Desk
from tests.factories import make_key, make_sender
from tests.journeys.desk_of_pages import HOSTILE
from tests.journeys.inside import served
from tests.journeys.visitor import LOOKS, UNSEEN, Visitor
from tests.journeys.walking import walk
from tests.trails import decide_all, refer, settle

pytestmark = pytest.mark.browser
GENUINE = "Genuine: this service received this referral."


@dataclass
class Public:
    """A served desk with the receipts of a referral with hostile words and of its answer."""

    desk: Desk
    browser: Browser
    address: str
    arrival: str
    answer: str

    def check(self, visitor: Visitor, name: str) -> None:
        """The page as it is: in every look on SQLite, in one on PostgreSQL."""
        looks = LOOKS if self.desk.database == "sqlite" else LOOKS[:1]
        assert visitor.flaws(looks) == [], name
        assert visitor.drawn_raw() == [], name
        for width in (1440, 360):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            seen = walk(visitor.page)
            assert seen.wrong == (), (name, width)
            assert len(seen.stops) >= seen.parts, (name, width)
        visitor.picture(f"verify-{name}-{self.desk.database}")


@pytest.fixture
def public(desk: Desk, one_chromium: Browser) -> Iterator[Public]:
    client, key = desk.client(), make_key(make_sender())
    urls = [f"https://video.example/{'long/' * 60}", "https://video.example/2"]
    referral = refer(client, key, *urls, reference=HOSTILE[:200].replace("\x07\x85", ""))
    decide_all(outcome="accepted")
    settle(desk.settings.data_dir)
    address, headers = referral["links"]["receipt"], {"Authorization": f"Bearer {key}"}
    arrival = client.get(address, headers=headers).text
    answer = client.get(f"{address}?item={referral['items'][0]['id']}", headers=headers).text
    with served(desk.app) as place:
        yield Public(desk, one_chromium, place, arrival, answer)


def file_of(receipt: str) -> FilePayload:
    return {"name": "receipt.txt", "mimeType": "text/plain", "buffer": receipt.encode()}


@pytest.mark.parametrize("script", [True, False])
def test_a_file_or_its_text_is_checked_in_two_steps(public: Public, *, script: bool) -> None:
    visitor = Visitor(public.browser, public.address, script=script)
    page = visitor.page
    visitor.open("/verify")
    page.get_by_label("File of the receipt").set_input_files(file_of(public.arrival))
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_role("heading", name=GENUINE)).to_be_visible()
    page.get_by_label("Or its text").fill(public.answer)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_role("heading", name="Genuine: this service gave this answer.")).to_be_visible()
    page.get_by_label("Or its text").fill(public.answer.replace("\nindex ", "\nindex 1"))
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The proof does not lead to the root")
    assert visitor.troubles == []
    visitor.close()


def test_every_answer_of_the_page_is_clean_in_every_look(public: Public) -> None:
    visitor = Visitor(public.browser, public.address)
    page = visitor.page
    visitor.open("/verify")
    public.check(visitor, "empty")
    for name, receipt in (
        ("arrival", public.arrival),
        ("answer", public.answer),
        ("failed", public.arrival.replace("extra ey", "extra eyA")),
        ("nothing", ""),
    ):
        if receipt:
            page.get_by_label("File of the receipt").set_input_files(file_of(receipt))
        page.get_by_role("button", name="Check", exact=True).click()
        assert UNSEEN.findall(page.content()) == [], name
        public.check(visitor, name)
    assert visitor.troubles_besides(422) == []
    visitor.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_is_dropped_where_it_belongs_and_the_verdict_takes_the_focus(public: Public) -> None:
    visitor = Visitor(public.browser, public.address)
    page = visitor.page
    visitor.open("/verify")
    page.evaluate(
        """text => {
          const carried = new DataTransfer();
          carried.items.add(new File([text], 'receipt.txt', {type: 'text/plain'}));
          document.querySelector('#file').files = carried.files;
        }""",
        public.arrival,
    )
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("section.panel:focus")).to_contain_text(GENUINE)
    visitor.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_all_that_a_browser_loads_for_it_is_small(public: Public) -> None:
    visitor = Visitor(public.browser, public.address)
    loaded: list[Response] = []
    visitor.page.on("response", lambda answer: loaded.append(answer))  # noqa: PLW0108 (it marks it)
    visitor.open("/verify")
    visitor.page.wait_for_load_state("load")
    sizes = [len(answer.body()) for answer in loaded]
    assert 3 <= len(sizes) <= 4, "the page, its style sheet and its picture"
    assert sum(sizes) <= 30_000
    visitor.close()
