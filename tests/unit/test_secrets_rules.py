"""Secrets are found and replaced; what is none stays as it is; a scan takes linear time."""

from __future__ import annotations

import random
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.runs.secrets import (
    RULES,
    is_secret_name,
    known_values,
    redact,
    redact_argv,
    redact_mapping,
    scan,
)


def token(seed: str, length: int, letters: str = string.ascii_letters + string.digits) -> str:
    """Return characters that look random; tests hold no secret, not even a made-up one."""
    return "".join(random.Random(seed).choices(letters, k=length))


HEX = "0123456789abcdef"
SECRETS = [
    ("aws-access-key", "AKIA" + token("aws", 16, string.ascii_uppercase + string.digits)),
    ("aws-secret-key", "aws_secret_access_key = " + token("a", 40)),
    ("gcp-api-key", "AIza" + token("gcp", 35)),
    ("gcp-oauth-token", "ya29." + token("oauth", 60)),
    ("azure-storage-key", "AccountName=x;AccountKey=" + token("az", 86) + "==;"),
    ("azure-sas", "https://x.blob/y?sv=1&sig=" + token("sas", 43) + "%3D"),
    ("github-token", "ghp_" + token("gh", 36)),
    ("github-token", "github_pat_" + token("pat", 82)),
    ("gitlab-token", "glpat-" + token("gl", 20)),
    ("slack-token", "xoxb-" + token("slack", 24, string.digits)),
    ("slack-webhook", "https://hooks.slack.com/services/T0/B0/" + token("hook", 24)),
    ("anthropic-key", "sk-ant-" + "api03-" + token("ant", 80)),
    ("openai-key", "sk-" + token("oa", 48)),
    ("openai-key", "sk-proj-" + token("oap", 90)),
    ("huggingface-token", "hf_" + token("hf", 34)),
    ("wandb-key", "WANDB_API_KEY is " + token("wb", 40, HEX)),
    ("stripe-key", "sk_live_" + token("st", 24)),
    ("npm-token", "npm_" + token("npm", 36)),
    ("pypi-token", "pypi-AgEIcHlwaS5vcmc" + token("pypi", 120)),
    ("jwt", "eyJ" + token("j", 30) + ".eyJ" + token("w", 60) + "." + token("t", 43)),
    ("sendgrid-key", "SG." + token("sg", 22) + "." + token("sg2", 43)),
    ("databricks-token", "dapi" + token("db", 32, HEX)),
    ("digitalocean-token", "dop_v1_" + token("do", 64, HEX)),
    ("url-password", "postgres://me:" + "p4ssw0rd" + "@host:5432/db"),
    ("authorization", "Authorization: Bearer " + token("bearer", 32)),
    ("assignment", 'password = "hunter2hunter2"'),
    ("assignment", "api_key=" + token("assigned", 20)),
    (
        "private-key",
        "-----BEGIN RSA PRIVATE KEY-----\n" + token("pem", 300) + "\n-----END RSA PRIVATE KEY-----",
    ),
]

HARMLESS = [
    "epoch 1: loss=0.123 acc=0.99 tokens: 1000000",
    "sk-container-id-1 sk-estimator-doc-link sk-toggleable__content-fitted",
    "token = tokenizer.encode(text)",
    "password = os.environ['PASSWORD']",
    'api_key = "your-key-goes-here-1"',
    "api_key=$API_KEY",
    "api_key=${API_KEY}",
    "https://example.org:8080/path@2x.png",
    "sha256=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "git+ssh://git@github.com/x/y.git",
    "it looks for -----BEGIN PRIVATE KEY----- and then decodes what follows it",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "max_num_access_keys: 12345678",
    "",
]


@pytest.mark.parametrize(
    ("rule", "text"), SECRETS, ids=[f"{r}-{n}" for n, (r, _) in enumerate(SECRETS)]
)
def test_a_secret_is_replaced_by_the_name_of_its_rule(rule, text):
    clean, rules = redact(f"before {text} after")
    assert f"redacted:{rule}" in clean
    assert rules == (rule,)
    assert clean.startswith("before ")
    assert clean.endswith(" after")
    assert redact(text.encode()) == (redact(text)[0].encode(), rules)


def test_every_rule_has_an_example():
    assert {rule.name for rule in RULES} == {name for name, _ in SECRETS}
    assert len({rule.name for rule in RULES}) >= 20


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text):
    assert redact(text) == (text, ())


def test_the_name_of_what_was_secret_stays():
    assert redact("password='hunter2hunter2'")[0] == "password='redacted:assignment'"
    assert redact("http://me:s3cr3t99@host/")[0] == "http://me:redacted:url-password@host/"


def test_a_redacted_text_is_not_redacted_again():
    for _, text in SECRETS:
        once, _ = redact(text)
        assert redact(once)[0] == once


def test_code_loses_only_what_is_certain():
    unquoted = b"password=hunter2hunter2 "
    assert scan(unquoted, code=True).data == unquoted
    assert scan(unquoted).data == b"password=redacted:assignment "


def test_arguments_after_a_secret_flag_are_replaced():
    words = ["t.py", "--api-key", "X1", "--hf-token=abc", "--lr", "0.1", "--token", "--fast", "-p"]
    clean, found = redact_argv(words)
    assert clean == (
        *("t.py", "--api-key", "redacted:flag", "--hf-token=redacted:flag"),
        *("--lr", "0.1", "--token", "--fast", "-p"),
    )
    assert [(one.where, one.rule, one.name) for one in found] == [
        ("argv", "flag", "--api-key"),
        ("argv", "flag", "--hf-token"),
    ]


def test_tokenizers_and_tokens_are_no_secret_flags():
    words = ("--max-tokens", "100", "--tokenizer", "bert", "--num-token-types=2")
    assert redact_argv(words)[0] == words


@pytest.mark.parametrize(
    "name",
    ["HF_TOKEN", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "MY_SECRET", "token",
     "GITHUB_TOKEN", "DATABASE_URL", "SENTRY_DSN", "SSH_PASSPHRASE", "api_key"],
)  # fmt: skip
def test_names_of_secrets_are_known(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["TOKENIZERS_PARALLELISM", "PWD", "PATH", "OMP_NUM_THREADS", "max_tokens", "AUTHOR", "keyboard",
     "SSH_AUTH_SOCK", "monkey", "num_tokens", "compass"],
)  # fmt: skip
def test_names_of_other_things_are_not(name):
    assert not is_secret_name(name)


def test_a_value_under_a_secret_name_goes_whole():
    clean, found = redact_mapping({"password": "simple", "lr": "0.1"}, "params")
    assert clean == {"password": "redacted:name", "lr": "0.1"}
    assert [(one.where, one.name) for one in found] == [("params", "password")]


def test_short_or_plain_values_of_secret_variables_are_not_searched_for():
    environ = {
        "A_TOKEN": "short1",
        "B_TOKEN": "onlyletters",
        "C_TOKEN": "l0ng-enough",
        "D": "x1y2z3a4",
    }
    assert known_values(environ) == {"C_TOKEN": b"l0ng-enough"}


@given(st.binary(max_size=2000))
def test_any_bytes_can_be_scanned(data):
    found = scan(data)
    assert found.rules or found.data == data


@pytest.mark.parametrize(
    "text",
    [
        "eyJ" * 100_000, "-----BEGIN PRIVATE KEY-----" * 10_000, "://" * 100_000, "://a:" * 60_000,
        "password=" * 30_000, "sk-ant-" * 40_000, "wandb_key " * 30_000, "a" * 300_000,
        "authorization: " * 20_000, "secret_key=" * 30_000, "AKIA" * 70_000, "api_key: '" * 30_000,
        "ghp_" + "a" * 300_000, "SG." * 100_000, "-----BEGIN PRIVATE KEY-----" + "A" * 300_000,
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_no_text_makes_a_scan_slow(text):
    def cost(data):
        begin = time.process_time()
        scan(data)
        return time.process_time() - begin

    assert cost(text.encode()) < 2.0
