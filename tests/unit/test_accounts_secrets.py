"""What is kept of secrets, and what of them works when: passwords, codes, tokens, sessions."""

from __future__ import annotations

import base64
import contextlib
import sqlite3
import stat
import sys

import pytest

from afield.hub.accounts import totp
from afield.hub.accounts.accounts import Accounts
from afield.hub.accounts.database import SqliteAccounts
from afield.hub.accounts.errors import (
    AccountRefused,
    CodeNeeded,
    LoginRefused,
    NoSuch,
    PasswordUnfit,
    TicketRefused,
    TooManyTries,
)
from afield.hub.accounts.keyring import Keyring
from afield.hub.accounts.limits import (
    CLAIM_VALID_S,
    SESSION_AGE_S,
    SESSION_IDLE_S,
    TRIES_FREE,
    TRIES_FREE_ADDRESS,
    WAIT_MAX_S,
)
from afield.hub.accounts.passwords import Passwords
from afield.kernel.errors import Usage
from afield.kernel.ids import MemberId
from afield.members.actions import Action
from afield.testing.clock import ManualClock

ANN, BOB = MemberId("a" * 16), MemberId("b" * 16)
GOOD = "correct horse battery"
HERE = "192.0.2.7"
LIGHT = Passwords(memory_kib=8, passes=1, lanes=1)
"""The same algorithm at a cost that a test can bear."""


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def accounts(tmp_path, clock):
    database = SqliteAccounts(str(tmp_path / "accounts.db"))
    found = Accounts(database, clock, Keyring(str(tmp_path / "accounts.keys")), LIGHT)
    found.make(ANN, "Ann", GOOD)
    yield found
    found.database.close()


RFC_6238 = [  # appendix B: Unix time and the eight digits of SHA-1
    (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"),
    (1234567890, "89005924"), (2000000000, "69279037"), (20000000000, "65353130"),
]  # fmt: skip
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(("at_s", "code"), RFC_6238)
def test_codes_are_those_of_the_standards_vectors(at_s, code):
    assert totp.code_at(RFC_SECRET, at_s // totp.STEP_S, digits=8) == code
    assert totp.step_of(RFC_SECRET, code[2:], at_s, -1) == at_s // totp.STEP_S


def test_a_code_counts_one_step_to_either_side_and_only_once():
    secret, at_s = totp.new_totp(), 1_700_000_010
    step = at_s // totp.STEP_S
    for drift, counts in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        found = totp.step_of(secret, totp.code_at(secret, step + drift), at_s, -1)
        assert (found == step + drift) is counts
    code = totp.code_at(secret, step)
    assert totp.step_of(secret, f" {code[:3]} {code[3:]} ", at_s, step - 1) == step
    assert totp.step_of(secret, code, at_s, step) is None
    assert totp.step_of(secret, "", at_s, -1) is None


def test_what_is_kept_of_a_password_is_argon2id_salted_and_strong():
    passwords = Passwords()
    kept, again = passwords.keep(GOOD), passwords.keep(GOOD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert kept != again
    assert passwords.right(GOOD, kept)
    assert passwords.right("cafe\u0301 correct horse", passwords.keep("caf\u00e9 correct horse"))
    assert not passwords.right(GOOD + " ", kept)
    assert not passwords.right(GOOD, None)
    assert passwords._nobodys.startswith("$argon2id$v=19$m=65536,t=3,p=4$"), "a like cost"
    assert not passwords.is_old(kept)


def test_a_password_that_was_kept_weaker_is_kept_anew_at_the_next_login(accounts, clock):
    sql = "SELECT password FROM account WHERE member = ?"
    ((before,),) = accounts.database.query(sql, (ANN,))
    raised = Passwords(memory_kib=16, passes=2, lanes=1)
    stronger = Accounts(accounts.database, clock, Keyring("never made"), raised)
    assert stronger.log_in("ann", GOOD, None, address=HERE) == ANN
    ((after,),) = accounts.database.query(sql, (ANN,))
    assert "m=8,t=1" in before
    assert "m=16,t=2" in after
    assert stronger.log_in("ann", GOOD, None, address=HERE) == ANN


@pytest.mark.parametrize("password", ["short", "x" * 257, "a" * 20, "ann123456789", "abababababab"])
def test_unfit_passwords_are_not_set_and_not_repeated(accounts, password):
    with pytest.raises(PasswordUnfit) as caught:
        accounts.make(BOB, "ann", password)
    assert password not in str(caught.value)


def test_nothing_secret_is_kept_as_it_is(accounts, tmp_path):
    cookie = accounts.sessions.begin(ANN, how="password")
    text, _ = accounts.tokens.make(ANN, "ci")
    code = accounts.invite("bob", BOB)
    accounts.database.close()
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (GOOD, cookie.partition(".")[2], text.rpartition("_")[2], code):
        assert secret.encode() not in data
    accounts.database = SqliteAccounts(str(tmp_path / "accounts.db"))


@pytest.mark.skipif(sys.platform == "win32", reason="not run: modes are not Windows'")
def test_the_file_is_its_owners_alone(accounts, tmp_path):
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    (tmp_path / "open.db").touch(0o666)
    (tmp_path / "open.db").chmod(0o666)
    SqliteAccounts(str(tmp_path / "open.db")).close()
    assert stat.S_IMODE((tmp_path / "open.db").stat().st_mode) == 0o600


def test_a_wrong_name_and_a_wrong_password_are_refused_alike(accounts):
    said = []
    for name, password in (("nobody", GOOD), ("ann", "wrong horse battery"), ("ann", "")):
        with pytest.raises(LoginRefused) as caught:
            accounts.log_in(name, password, None, address=HERE)
        said.append(caught.value.to_dict())
    assert said[0] == said[1] == said[2]
    assert accounts.log_in("ANN ", GOOD, None, address=HERE) == ANN


def test_who_fails_often_waits_and_the_wait_doubles_and_tells_nothing(accounts, clock):
    def fails(name):
        with pytest.raises(LoginRefused):
            accounts.log_in(name, "wrong horse battery", None, address=HERE)

    waits = {}
    for name in ("ann", "nobody"):
        for _ in range(TRIES_FREE):
            fails(name)
        with pytest.raises(TooManyTries) as caught:
            accounts.log_in(name, GOOD, None, address=HERE)
        waits[name] = caught.value.to_dict()
    assert waits["ann"] == waits["nobody"]
    first = waits["ann"]["retry_s"]
    clock.advance(first + 1)
    fails("ann")
    with pytest.raises(TooManyTries) as caught:
        accounts.log_in("ann", GOOD, None, address="198.51.100.9")
    assert first < caught.value.fields["retry_s"] <= WAIT_MAX_S
    clock.advance(WAIT_MAX_S + 1)
    assert accounts.log_in("ann", GOOD, None, address=HERE) == ANN
    fails("ann")


def test_one_address_that_tries_many_names_waits_too(accounts, clock):
    for number in range(TRIES_FREE_ADDRESS):
        with pytest.raises(LoginRefused):
            accounts.log_in(f"name{number}", "", None, address=HERE)
    with pytest.raises(TooManyTries):
        accounts.log_in("another", "", None, address=HERE)
    assert accounts.log_in("ann", GOOD, None, address="198.51.100.9") == ANN


def test_a_second_factor_is_asked_for_and_a_code_works_once(accounts, clock):
    secret = accounts.factor.begin(ANN)
    assert accounts.log_in("ann", GOOD, None, address=HERE) == ANN

    def code():
        return totp.code_at(secret, clock.wall_ns() // 10**9 // totp.STEP_S)

    with pytest.raises(LoginRefused):
        accounts.factor.confirm(ANN, "000000" if code() != "000000" else "111111", address=HERE)
    accounts.factor.confirm(ANN, code(), address=HERE)
    with pytest.raises(CodeNeeded):
        accounts.log_in("ann", GOOD, None, address=HERE)
    with pytest.raises(LoginRefused):
        accounts.log_in("ann", GOOD, code(), address=HERE)
    clock.advance(totp.STEP_S)
    with pytest.raises(LoginRefused):
        accounts.log_in("ann", "wrong horse battery", code(), address=HERE)
    assert accounts.log_in("ann", GOOD, code(), address=HERE) == ANN
    clock.advance(totp.STEP_S)
    accounts.factor.check(ANN, code(), address=HERE)
    accounts.factor.drop(ANN)
    assert accounts.log_in("ann", GOOD, None, address=HERE) == ANN


def test_a_session_ends_when_idle_when_old_and_when_told_to(accounts, clock):
    sessions = accounts.sessions
    cookie = sessions.begin(ANN, how="password", agent="x" * 999, address=HERE)
    assert sessions.find(cookie).member == ANN
    for wrong in ("", ".", cookie + "x", cookie.partition(".")[0] + ".", cookie[:-1]):
        assert sessions.find(wrong) is None
    clock.advance(SESSION_IDLE_S + 1)
    assert sessions.find(cookie) is None
    cookie = sessions.begin(ANN, how="password")
    for _ in range(SESSION_AGE_S // (SESSION_IDLE_S - 60)):
        clock.advance(SESSION_IDLE_S - 60)
        assert sessions.find(cookie) is not None
    clock.advance(SESSION_IDLE_S - 60)
    assert sessions.find(cookie) is None
    kept, other = (sessions.begin(ANN, how="password") for _ in range(2))
    assert sessions.end_all(ANN, but=kept.partition(".")[0]) == 1
    assert sessions.find(other) is None
    with pytest.raises(NoSuch):
        sessions.end(BOB, kept.partition(".")[0])
    assert len(sessions.of(ANN)) == 1


def test_a_token_is_shown_once_ends_and_is_revoked_by_its_owner(accounts, clock):
    tokens = accounts.tokens
    text, token = tokens.make(ANN, "ci", actions=[Action.RUN_LOG], project="p", days=1)
    assert text.startswith("afd_")
    found = tokens.find(text)
    assert (found.member, found.actions, found.project) == (ANN, {Action.RUN_LOG}, "p")
    for wrong in ("", "afd_", text[:-1], text + "x", text.removeprefix("afd_"), "afd_" + "0" * 60):
        assert tokens.find(wrong) is None
    with pytest.raises(NoSuch):
        tokens.revoke(BOB, token.id)
    clock.advance(24 * 3600)
    assert tokens.find(text) is None
    text, token = tokens.make(ANN, "ci")
    tokens.revoke(ANN, token.id)
    assert tokens.find(text) is None
    assert tokens.of(ANN) == []
    for name, days in (("", 1), ("x" * 101, 1), ("ci", 0), ("ci", 4000)):
        with pytest.raises(Usage):
            tokens.make(ANN, name, days=days)


def test_an_action_of_a_token_that_is_not_known_any_more_allows_nothing(accounts, tmp_path):
    text, token = accounts.tokens.make(ANN, "ci", actions=[])
    sql = "UPDATE token SET actions = 'run.read gone.action' WHERE id = ?"
    accounts.database.write(sql, (token.id,))
    assert accounts.tokens.find(text).actions == {Action.RUN_READ}


def test_a_code_is_good_once_for_its_kind_and_time(accounts, clock):
    tickets = accounts.tickets
    code = tickets.give("invite", {"a": 1}, 60)
    with pytest.raises(TicketRefused):
        tickets.take("claim", code)
    assert tickets.take("invite", code) == {"a": 1}
    with pytest.raises(TicketRefused):
        tickets.take("invite", code)
    late = tickets.give("invite", {}, 60)
    clock.advance(61)
    with pytest.raises(TicketRefused):
        tickets.take("invite", late)


def test_a_hub_is_claimed_with_the_last_code_printed_and_only_while_it_has_no_account(
    tmp_path, clock
):
    database = SqliteAccounts(str(tmp_path / "accounts.db"))
    accounts = Accounts(database, clock, Keyring(str(tmp_path / "accounts.keys")), LIGHT)
    first, second = accounts.new_claim(), accounts.new_claim()
    with pytest.raises(TicketRefused):
        accounts.tickets.take("claim", first)
    clock.advance(CLAIM_VALID_S + 1)
    with pytest.raises(TicketRefused):
        accounts.tickets.take("claim", second)
    assert accounts.new_claim() is not None
    accounts.make(ANN, "ann", GOOD)
    assert accounts.new_claim() is None
    accounts.database.close()


def test_a_name_is_taken_once_whatever_its_case(accounts):
    for name in ("ann", "ANN", " Ann "):
        with pytest.raises(AccountRefused):
            accounts.make(BOB, name, GOOD)
    for name in ("", "a b", "../a", "a" * 65, "<b>"):
        with pytest.raises(Usage):
            accounts.make(BOB, name, GOOD)


def test_of_who_left_nothing_works_any_more(accounts):
    cookie = accounts.sessions.begin(ANN, how="password")
    text, _ = accounts.tokens.make(ANN, "ci")
    assert accounts.end(ANN) == (1, 1)
    late, _ = accounts.tokens.make(ANN, "made while it ended")
    assert accounts.tokens.find(late) is None
    assert accounts.sessions.find(accounts.sessions.begin(ANN, how="password")) is None
    assert accounts.sessions.find(cookie) is None
    assert accounts.tokens.find(text) is None
    with pytest.raises(LoginRefused):
        accounts.log_in("ann", GOOD, None, address=HERE)
    assert "account.ended" in {event.what for event in accounts.trail.last()}


def test_what_happened_is_kept_without_what_was_typed(accounts, tmp_path):
    with pytest.raises(LoginRefused):
        accounts.log_in("my secret typed as a name", "typed password", "123", address=HERE)
    accounts.log_in("ann", GOOD, None, address=HERE)
    whats = {event.what for event in accounts.trail.last()}
    assert {"account.made", "login", "login.refused"} <= whats
    with contextlib.closing(sqlite3.connect(tmp_path / "accounts.db")) as database:
        rows = database.execute("SELECT * FROM event").fetchall()
    assert "typed" not in repr(rows)
