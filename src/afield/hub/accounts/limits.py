"""Every bound of this room: how long things are valid, and how often one may try."""

from __future__ import annotations

PASSWORD_CHARS_MIN = 12
PASSWORD_CHARS_MAX = 256
USERNAME_CHARS_MAX = 64
NAME_CHARS_MAX = 100

SESSION_IDLE_S = 8 * 3600
"""A session that nobody used for so long is over."""
SESSION_AGE_S = 7 * 24 * 3600
"""However much it is used, a session ends after this."""
SESSION_TOUCH_S = 60
"""Use is noted no oftener."""
SESSIONS_MAX = 50
FRESH_S = 15 * 60
"""For so long after a login what one logs in with may be changed, without another login."""

TOKEN_DAYS = 90
TOKEN_DAYS_MAX = 366
TOKENS_MAX = 100
PASSKEYS_MAX = 20
CHANNELS_MAX = 8
CHANNEL_CHARS_MAX = 500

GUESSES_MIN = 10**9
"""A password that is guessed with fewer tries, by zxcvbn's reckoning, is not set."""
GUESSED_CHARS_MAX = 32
"""Of a longer one only the beginning is reckoned: the work grows with the square and more."""

RECOVERY_CODES = 10
RECOVERY_CHARS = 24
"""Of 32 signs each: 120 bits, so that a plain digest of it may be kept."""

RESET_VALID_S = 24 * 3600
CLAIM_VALID_S = 24 * 3600
INVITE_VALID_S = 7 * 24 * 3600
CHALLENGE_VALID_S = 300
OIDC_VALID_S = 600
OIDC_ANSWER_BYTES_MAX = 1 << 20
OIDC_TIMEOUT_S = 10.0

TRIES_FREE = 5
"""Failed logins of one account before it has to wait; of one address, ten times as many."""
TRIES_FREE_ADDRESS = 50
WAIT_FIRST_S = 30
WAIT_MAX_S = 900
TRIES_FORGOTTEN_S = 24 * 3600

BODY_BYTES_MAX = 64 << 10
AUDIT_ROWS_MAX = 10_000
OPEN_TICKETS_MAX = 10_000
"""Challenges of one kind that wait for an answer; beyond, the oldest give way."""
CHECKS_WAITING_MAX = 32
"""Passwords that wait to be checked; beyond, people are told to come again."""
