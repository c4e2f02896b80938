"""Lists of people, senders and terms, as the commands print them."""

from datetime import date

from review import clock
from review.actions import accounts, clauses, senders
from review.domain.clause_text import ClauseText
from review.domain.keys import digest_of
from review.domain.permissions import OPERATOR, Role, Scope
from review.domain.senders import FlaggerEvidence
from review.queries import accounts as account_queries
from review.queries import clauses as clause_queries
from review.queries import senders as sender_queries
from tests.conftest import Desk
from tests.factories import make_account


def test_a_person_is_found_by_address_id_or_pseudonym(desk: Desk) -> None:
    made = accounts.create_account(
        "jane@desk.example", role=Role.LEAD, name="Jane", sender_id=None, password=None, actor=OPERATOR
    )
    for name in ("JANE@desk.example", made.account_id, f" {made.pseudonym} "):
        found = account_queries.account_by_name(desk.session, name)
        assert found is not None
        assert found.account_id == made.account_id
    for name in ("joe@desk.example", "", "A-unknown"):
        assert account_queries.account_by_name(desk.session, name) is None


def test_closed_people_stay_in_the_list_but_act_no_more(desk: Desk) -> None:
    open_id, closed_id = (make_account().account_id or "" for _ in range(2))
    accounts.close_account(closed_id, actor=OPERATOR)
    listed = {person.account_id: person for person in account_queries.list_accounts(desk.session)}
    assert listed[open_id].closed_at is None
    assert listed[closed_id].closed_at is not None
    assert account_queries.actor_of(desk.session, listed[open_id].email) is not None
    assert account_queries.actor_of(desk.session, listed[closed_id].email) is None
    assert account_queries.credential_of(desk.session, listed[closed_id].email) is None


def test_an_unknown_token_or_link_is_nobody(desk: Desk) -> None:
    now = clock.now()
    assert account_queries.signed_in(desk.session, digest_of("x"), at=now, idle_seconds=1800) is None
    assert account_queries.holder_of_link(desk.session, digest_of("x"), at=now) is None


def test_senders_are_listed_with_their_keys_and_evidence(desk: Desk) -> None:
    award = FlaggerEvidence("C", date(2026, 1, 1), None)
    sender_id = senders.create_sender("Unit", kind="iru", country=None, flagger=award, actor=OPERATOR)
    senders.create_sender("Another", kind="other", country=None, flagger=None, actor=OPERATOR)
    key = senders.issue_key(sender_id, scopes=(Scope.READ,), expires_at=None, actor=OPERATOR)
    platform = senders.issue_platform_key(expires_at=None, actor=OPERATOR)
    another, unit = sender_queries.list_senders(desk.session)
    assert (another.name, another.keys, another.flagger) == ("Another", (), ())
    assert [listed.key_id for listed in unit.keys] == [key.key_id]
    assert unit.flagger[0].coordinator == "C"
    assert key.key not in repr(unit)
    assert [listed.key_id for listed in sender_queries.platform_keys(desk.session)] == [platform.key_id]
    assert sender_queries.sender_id_of(desk.session, "Unit") == sender_id
    assert sender_queries.sender_id_of(desk.session, sender_id) == sender_id
    assert sender_queries.sender_id_of(desk.session, "unit?") is None
    assert sender_queries.key_by_digest(desk.session, "0" * 64) is None


def test_every_version_of_the_terms_is_listed_in_order(desk: Desk) -> None:
    for day, text in ((date(2021, 1, 1), "a"), (date(2022, 1, 1), "b")):
        worded = [ClauseText(number, "T", text) for number in ("10", "9")]
        clauses.import_clauses("Terms", worded, valid_from=day, actor=OPERATOR)
    listed = clause_queries.list_clauses(desk.session)
    assert [(row.number, row.version) for row in listed] == [("9", 1), ("9", 2), ("10", 1), ("10", 2)]
