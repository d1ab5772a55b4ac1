"""Ways back in, and what guards them: reset and recovery codes, sealed secrets, waits."""

from __future__ import annotations

import stat
import sys

import pytest

from afield.hub.accounts import limits, totp
from afield.hub.accounts.accounts import Accounts
from afield.hub.accounts.database import SqliteAccounts
from afield.hub.accounts.errors import (
    CodeNeeded,
    KeyLost,
    LoginRefused,
    NoSuch,
    PasswordUnfit,
    TicketRefused,
    TooManyTries,
)
from afield.hub.accounts.keyring import Keyring
from afield.hub.accounts.passwords import Passwords, check_fit
from afield.kernel.ids import MemberId
from afield.testing.clock import ManualClock

ANN, BOB = MemberId("a" * 16), MemberId("b" * 16)
GOOD, NEW = "correct horse battery", "another horse battery"
HERE = "192.0.2.7"
LIGHT = Passwords(memory_kib=8, passes=1, lanes=1)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def accounts(tmp_path, clock):
    database = SqliteAccounts(str(tmp_path / "accounts.db"))
    found = Accounts(database, clock, Keyring(str(tmp_path / "accounts.keys")), LIGHT)
    found.make(ANN, "ann", GOOD)
    yield found
    database.close()


def next_code(accounts, clock, secret):
    clock.advance(totp.STEP_S)
    return totp.code_at(secret, clock.wall_ns() // 10**9 // totp.STEP_S)


def with_factor(accounts, clock, member=ANN):
    """Return the secret and the recovery codes of a second factor that was just added."""
    secret = accounts.factor.begin(member)
    code = next_code(accounts, clock, secret)
    return secret, accounts.factor.confirm(member, code, address=HERE)


def enter(accounts, password=GOOD, code=None):
    return accounts.log_in("ann", password, code, address=HERE)


def test_who_forgot_the_password_sets_another_once_by_an_admins_code(accounts, clock):
    cookie = accounts.sessions.begin(ANN, how="password")
    void = accounts.reset_code(ANN, by=BOB, drop_factor=False)
    code = accounts.reset_code(ANN, by=BOB, drop_factor=False)
    with pytest.raises(TicketRefused):
        accounts.reset(void, NEW, None, address=HERE)
    with pytest.raises(PasswordUnfit):
        accounts.reset(code, "short", None, address=HERE)
    assert accounts.reset(code, NEW, None, address=HERE) == ANN
    assert accounts.sessions.find(cookie) is None
    with pytest.raises(TicketRefused):
        accounts.reset(code, GOOD, None, address=HERE)
    with pytest.raises(LoginRefused):
        enter(accounts)
    assert enter(accounts, NEW) == ANN
    late = accounts.reset_code(ANN, by=BOB, drop_factor=False)
    clock.advance(limits.RESET_VALID_S + 1)
    with pytest.raises(TicketRefused):
        accounts.reset(late, GOOD, None, address=HERE)
    accounts.end(ANN)
    with pytest.raises(NoSuch):
        accounts.reset_code(ANN, by=BOB, drop_factor=False)


def test_a_reset_does_not_get_past_the_second_factor_unless_the_admin_said_so(accounts, clock):
    _, recovery = with_factor(accounts, clock)
    ticket = accounts.reset_code(ANN, by=BOB, drop_factor=False)
    with pytest.raises(CodeNeeded):
        accounts.reset(ticket, NEW, None, address=HERE)
    with pytest.raises(LoginRefused):
        accounts.reset(ticket, NEW, "000000", address=HERE)
    assert accounts.reset(ticket, NEW, recovery[0], address=HERE) == ANN
    with pytest.raises(CodeNeeded):
        enter(accounts, NEW)
    ticket = accounts.reset_code(ANN, by=BOB, drop_factor=True)
    with pytest.raises(CodeNeeded):
        enter(accounts, NEW)
    assert accounts.reset(ticket, GOOD, None, address=HERE) == ANN
    assert enter(accounts) == ANN
    with pytest.raises(LoginRefused):
        accounts.factor.check(ANN, recovery[1], address=HERE)


def test_a_recovery_code_stands_in_for_the_app_once_and_for_its_owner_alone(accounts, clock):
    accounts.make(BOB, "bob", GOOD)
    _, codes = with_factor(accounts, clock)
    _, others = with_factor(accounts, clock, BOB)
    assert len(set(codes)) == limits.RECOVERY_CODES
    assert enter(accounts, code=codes[0]) == ANN
    with pytest.raises(LoginRefused):
        enter(accounts, code=codes[0])
    with pytest.raises(LoginRefused):
        enter(accounts, code=others[0])
    assert enter(accounts, code=codes[1].upper().replace("-", " ")) == ANN
    assert accounts.factor.recovery_left(ANN) == limits.RECOVERY_CODES - 2
    fresh = accounts.factor.new_recovery(ANN)
    with pytest.raises(LoginRefused):
        enter(accounts, code=codes[2])
    assert enter(accounts, code=fresh[0]) == ANN
    assert "recovery.used" in {event.what for event in accounts.trail.last(member=ANN)}


def test_neither_secrets_nor_recovery_codes_can_be_read_in_the_file(accounts, clock, tmp_path):
    secret, codes = with_factor(accounts, clock)
    pending = accounts.factor.begin(ANN)
    data = b"".join(path.read_bytes() for path in tmp_path.glob("accounts.db*"))
    for text in (secret, pending, *codes, *(code.replace("-", "") for code in codes)):
        assert text.encode() not in data


@pytest.mark.skipif(sys.platform == "win32", reason="not run: modes are not Windows'")
def test_the_file_of_keys_is_its_owners_alone(accounts, clock, tmp_path):
    with_factor(accounts, clock)
    assert stat.S_IMODE((tmp_path / "accounts.keys").stat().st_mode) == 0o600
    accounts.factor.rotate(accounts.channels.seal_again)
    assert stat.S_IMODE((tmp_path / "accounts.keys").stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir() if "keys" in path.name} == {"accounts.keys"}


def test_a_secret_moved_to_another_account_or_changed_makes_no_codes(accounts, clock):
    accounts.make(BOB, "bob", GOOD)
    secret, _ = with_factor(accounts, clock, BOB)
    ((sealed,),) = accounts.database.query("SELECT totp FROM account WHERE member = ?", (BOB,))
    for planted in (sealed, sealed[:-3], "s1", "", secret, sealed.replace("s1.", "s0.")):
        sql = "UPDATE account SET totp = ? WHERE member = ?"
        accounts.database.write(sql, (planted, ANN))
        with pytest.raises(KeyLost):
            enter(accounts, code=next_code(accounts, clock, secret))


def test_after_a_rotation_codes_go_on_everywhere_and_the_key_before_opens_nothing(
    accounts, clock, tmp_path
):
    secret, _ = with_factor(accounts, clock)
    path = tmp_path / "accounts.keys"
    before = path.read_text(encoding="ascii")
    ((old,),) = accounts.database.query("SELECT totp FROM account WHERE member = ?", (ANN,))
    elsewhere = Accounts(accounts.database, clock, Keyring(str(path)), LIGHT)
    assert elsewhere.factor.rotate(accounts.channels.seal_again) == 1
    assert enter(accounts, code=next_code(accounts, clock, secret)) == ANN
    ((new,),) = accounts.database.query("SELECT totp FROM account WHERE member = ?", (ANN,))
    after = path.read_text(encoding="ascii")
    assert len(after.splitlines()) == 1
    assert before.split()[0] not in after
    assert old != new
    path.write_text(before, encoding="ascii")
    with pytest.raises(KeyLost):
        enter(accounts, code=next_code(accounts, clock, secret))
    path.write_text("", encoding="ascii")
    with pytest.raises(KeyLost):
        enter(accounts, code="123456")


def test_a_thief_with_a_session_guesses_no_code(accounts, clock):
    _, codes = with_factor(accounts, clock)
    for _ in range(limits.TRIES_FREE):
        with pytest.raises(LoginRefused):
            accounts.factor.check(ANN, "000000", address=HERE)
    for code in ("000000", codes[0]):
        with pytest.raises(TooManyTries):
            accounts.factor.check(ANN, code, address="198.51.100.9")
    assert enter(accounts, code=codes[0]) == ANN, "its owner still comes in"


def test_all_addresses_of_one_network_are_one_guesser(accounts):
    def tries(address, name):
        with pytest.raises(LoginRefused):
            accounts.log_in(name, "", None, address=address)

    for number in range(limits.TRIES_FREE_ADDRESS):
        tries(f"2001:db8::{number:x}", f"name{number}")
    with pytest.raises(TooManyTries):
        accounts.log_in("another", "", None, address="2001:db8::ffff%eth0")
    tries("2001:db8:0:1::1", "another")
    for number in range(limits.TRIES_FREE_ADDRESS):
        tries("::ffff:192.0.2.9" if number % 2 else "192.0.2.9", f"name {number}")
    with pytest.raises(TooManyTries):
        accounts.log_in("one more", "", None, address="192.0.2.9")


def test_who_goes_on_while_waiting_fills_no_disk(accounts, clock):
    for _ in range(limits.TRIES_FREE):
        with pytest.raises(LoginRefused):
            enter(accounts, "wrong horse battery")
    before = len(accounts.trail.last(1000))
    for _ in range(50):
        with pytest.raises(TooManyTries):
            enter(accounts, "wrong horse battery")
    assert len(accounts.trail.last(1000)) == before
    assert "login.waits" in {event.what for event in accounts.trail.last()}
    clock.advance(limits.TRIES_FORGOTTEN_S + 1)
    enter(accounts)
    assert accounts.database.query("SELECT COUNT(*) FROM tries")[0][0] <= 1


def test_challenges_that_nobody_answers_give_way(accounts):
    first = accounts.tickets.give("oidc", {}, 500)
    sql = "INSERT INTO ticket (secret, kind, data, expires_ms) VALUES (?, 'passkey.login', '{}', ?)"
    late = 1 << 60
    with accounts.database.together():
        for number in range(limits.OPEN_TICKETS_MAX):
            accounts.database.write(sql, (str(number), late))
    accounts.tickets.give("passkey.login", {}, 500)
    sql = "SELECT COUNT(*) FROM ticket WHERE kind = 'passkey.login'"
    assert accounts.database.query(sql)[0][0] <= limits.OPEN_TICKETS_MAX
    assert accounts.tickets.take("oidc", first) == {}


def test_common_passwords_and_what_is_made_of_them_are_not_set():
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    known = FREQUENCY_LISTS["passwords"]
    long = [each for each in known if len(each) >= limits.PASSWORD_CHARS_MIN]
    assert len(long) > 200
    stretched = [(each * 12)[: max(12, 2 * len(each))] for each in known[:3000:20]]
    decorated = [f"{each.title()}123456789"[:16].ljust(12, "1") for each in known[:3000:60]]
    for password in (*long[::5], *stretched, *decorated):
        with pytest.raises(PasswordUnfit):
            check_fit(password, "ann")
    for password in ("ann.lee@example", "ann.leeann.lee", "AfieldHub2026"):
        with pytest.raises(PasswordUnfit):
            check_fit(password, "ann.lee@example.org")
    for password in (GOOD, NEW, "Übermut tut selten gut", "x9Kf!2mQz7Lp", "кит на луне пьёт чай"):
        check_fit(password, "ann")
