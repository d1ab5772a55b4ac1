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
    holds_secrets,
    is_secret_file,
    is_secret_name,
    known_arguments,
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
    ("url-token", "https://" + token("pat", 40) + "@host/x.git"),
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
    "ssh://a-user-name-without-digits@example.org/x.git",
    "epoch 12 12345678 0.98765432 password ok, secret sauce, token 12 of 99",
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


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_a_rule_matches_begins_with_one_of_its_literals(rule):
    for _, text in SECRETS:
        for match in rule.pattern.finditer(text.encode()):
            assert match.group().lower().startswith(rule.literals)


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


@pytest.mark.parametrize(
    "value",
    [
        "hunter2",
        "onlyletters",
        "1234567890123456",
        "l0ng-enough",
        "correct horse battery",
        "p@sswd",
    ],
)
def test_the_value_of_a_secret_variable_is_searched_for_everywhere(value):
    known = known_values({"A_TOKEN": value, "OTHER": "x1y2z3a4"})
    assert known == {"A_TOKEN": value.encode()}
    clean, rules = redact(f"Namespace(token='{value}') {value}", known=known)
    assert clean == "Namespace(token='redacted:A_TOKEN') redacted:A_TOKEN"
    assert rules == ("A_TOKEN",)


@pytest.mark.parametrize(
    "value",
    ["", "short", "a1b2", "true", "None", "localhost", "production", "postgres", "1234567",
     "1000000", "11111111", "10000000", "0.12345678", "1e-10", "2024-01-31", "12:30:59.123",
     "<|endoftext|>", "[MASK]", "$OTHER_TOKEN", "your-key-here", "xxxxxxxx"],
)  # fmt: skip
def test_values_that_stand_in_any_log_are_not_searched_for(value):
    assert known_values({"A_TOKEN": value}) == {}


def test_a_value_that_is_a_file_a_folder_or_the_user_is_not_searched_for(tmp_path):
    (tmp_path / "token.txt").touch()
    folder = str(tmp_path)
    environ = {
        "A_TOKEN": "token.txt",
        "B_TOKEN": f"{tmp_path}/token.txt",
        "C_PASSWORD": tmp_path.name,
        "D_PASSWORD": "marguerite",
        "USER": "marguerite",
        "E_TOKEN": "notafile.txt",
    }
    assert known_values(environ, folder=folder) == {"E_TOKEN": b"notafile.txt"}


def test_a_short_known_value_is_replaced_as_a_word_and_a_long_one_anywhere():
    known = known_values({"A_TOKEN": "12345678", "B_TOKEN": "correcthorsebattery"})
    text = "112345678 12345678.5 loss=12345678 x12345678 1.123456789 12345678"
    clean = "112345678 redacted:A_TOKEN.5 loss=redacted:A_TOKEN x12345678 1.123456789 "
    assert redact(text, known=known)[0] == clean + "redacted:A_TOKEN"
    assert redact("xcorrecthorsebatteryx", known=known)[0] == "xredacted:B_TOKENx"


def test_of_two_known_values_the_longer_is_replaced_first():
    known = known_values({"A_TOKEN": "abcdefgh1", "B_TOKEN": "abcdefgh1-and-more"})
    assert redact("abcdefgh1-and-more", known=known)[0] == "redacted:B_TOKEN"


def test_a_password_in_the_url_of_a_variable_is_searched_for_everywhere():
    known = known_values({"SOME_URI": "postgres://me:p4ssw0rd@host/db"})
    assert redact("the password is p4ssw0rd", known=known)[0] == "the password is redacted:SOME_URI"


RED, PLAIN = "\x1b[31m", "\x1b[0m"


@pytest.mark.parametrize(
    "coloured",
    [
        f"{RED}ghp_{PLAIN}" + "{rest}", f"{RED}ghp_" + "{rest}" + PLAIN,
        "ghp_\x1b[1;38;5;9m" + "{rest}",
        f"token{RED}ghp_" + "{rest}", f"g{RED}h{PLAIN}p{RED}_" + "{rest}",
        "\x1b]8;;https://example.org\x07ghp_" + "{rest}" + "\x1b]8;;\x07",
    ],
)  # fmt: skip
def test_colours_hide_no_token(coloured):
    rest = token("gh", 36)
    clean, rules = redact(f"before {coloured.replace('{rest}', rest)} after 0.5")
    assert rules == ("github-token",)
    assert "redacted:github-token" in clean
    assert rest not in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after 0.5")


def test_every_letter_may_have_its_own_colour():
    text = "".join(f"{RED}{letter}{PLAIN}" for letter in "ghp_" + token("gh", 36))
    assert redact(f"a {text} b")[0].replace(RED, "").replace(PLAIN, "") == (
        "a redacted:github-token b"
    )
    known = known_values({"A_TOKEN": "hunter2hunter"})
    assert redact(f"hunter2{RED}hunter", known=known)[0] == "redacted:A_TOKEN"


def test_a_password_in_a_link_of_the_terminal_is_replaced():
    link = "\x1b]8;;https://me:p4ssw0rd@example.org\x07here\x1b]8;;\x07"
    assert redact(link)[0] == link.replace("p4ssw0rd", "redacted:url-password")


@given(st.text(alphabet="\x1b[]0m;31\x07ab \n\\", max_size=200))
def test_colours_without_secrets_stay(text):
    assert redact(text) == (text, ())


def shell(text):
    clean, found = redact_argv(["sh", "-c", text])
    return clean[2], [(one.rule, one.name) for one in found]


def test_assignments_and_credentials_in_a_string_for_a_shell_are_replaced():
    text = (
        "export TOKEN=abcd1234efgh; PGPASSWORD=hunter2hunter curl -s -u user:passw0rd1"
        ' -H "X-Api-Key: 9f8e7d6c5b4a" --password letters http://localhost:1/; true'
    )
    clean, found = shell(text)
    assert clean == (
        "export TOKEN=redacted:assignment; PGPASSWORD=redacted:assignment curl -s"
        ' -u user:redacted:user-password -H "X-Api-Key: redacted:assignment"'
        " --password redacted:flag http://localhost:1/; true"
    )
    assert found == [
        ("assignment", "TOKEN"),
        ("assignment", "PGPASSWORD"),
        ("user-password", "-u"),
        ("assignment", "assignment"),
        ("flag", "--password"),
    ]


@pytest.mark.parametrize(
    "text",
    ["export TOKEN=$OTHER; TOKEN=$(cat t) run", "MODE=production python train.py --lr 0.001",
     "docker run -u 1000:1000 -p 8080:80 x", "tokens=123456; python t.py --max-tokens 100",
     "TOKENIZERS_PARALLELISM=false python -u train.py", 'TOKEN="$(cat x)" y', "PWD=/some/where ls"],
)  # fmt: skip
def test_what_is_no_secret_in_a_string_for_a_shell_stays(text):
    assert shell(text) == (text, [])


def test_code_in_an_argument_stays():
    words = ("python", "-c", "token=tokenizer(text); auth=None; secret = tokens[0]")
    assert redact_argv(words) == (words, ())


def test_credentials_as_words_of_their_own_are_replaced():
    words = ["curl", "-u", "me:letmein1", "env", "TOKEN=abcd1234efgh", "https://me:s3cr3t99@h/x"]
    clean, found = redact_argv(words)
    assert clean == (
        *("curl", "-u", "me:redacted:user-password", "env", "TOKEN=redacted:assignment"),
        "https://me:redacted:url-password@h/x",
    )
    assert [one.name for one in found] == ["-u", "TOKEN", "https://me:redacted:url-password@h/x"]


def test_what_is_secret_in_a_command_line_is_searched_for_everywhere():
    argv = ["t.py", "--password", "letmein2024x", "--token=hello-tok-12345", "-u", "a:passw0rd1"]
    known = known_arguments(
        [*argv, "--secret", "true", "--api-key", "abc"], {"api_key": "zzz123zz"}
    )
    text = "letmein2024x hello-tok-12345 passw0rd1 zzz123zz true abc"
    assert redact(text, known=known)[0] == (
        "redacted:--password redacted:--token redacted:-u redacted:api_key true abc"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", "DB_PASSWORD=supersecret99x\n"), (".env.local", "export SECRET_KEY='abcdefghijk'"),
        ("a/prod.env", "MODE=x\nAPI_KEY=letters\n"), (".env", "STRIPE=abcd1234efgh5678ijkl"),
        (".netrc", "machine x login y password z"), (".pgpass", "h:5432:d:u:pw"), (".npmrc",
        "//r/:_authToken=abcdefgh"), ("x/credentials", "[default]"), ("id_rsa", "x"), ("k.pem",
        "-----BEGIN PRIVATE KEY-----\nMIIabcdefghijklmnopq\n"), ("server.key", "x"),
        (".pypirc", "x"),
    ],
)  # fmt: skip
def test_files_that_are_there_for_secrets_are_told_by_name_and_words(name, text):
    assert is_secret_file(name)
    assert holds_secrets(name, text.encode())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", "MODE=production\nOMP_NUM_THREADS=4\n# PASSWORD=x\nTOKEN=\nURL=http://h:80/a\n"),
        (".env.example", "API_KEY=your-key-here\nDB_PASSWORD=changeme\n"), ("ca.pem",
        "-----BEGIN CERTIFICATE-----\nMIIBabcdefghijklmnop=\n-----END CERTIFICATE-----\n"),
        (".npmrc", "registry=https://example.org/npm/\n"), ("id_rsa.pub", "ssh-rsa AAAA me"),
        ("train.py", "password = 'abcdefgh12'"), ("monkey", "x"), ("environment.yml", "token: abc"),
    ],
)  # fmt: skip
def test_files_with_nothing_secret_are_kept(name, text):
    assert not (is_secret_file(name) and holds_secrets(name, text.encode()))


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
        "\x1b[31m" * 60_000, "\x1b[31mg" * 60_000, "\x1b]8;;" * 60_000, "\x1b[" + "1;" * 150_000,
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


@pytest.mark.parametrize(
    "text",
    [
        "TOKEN=" * 30_000, "--password " * 20_000, "-u a:" * 40_000, "-u " + "a" * 200_000,
        "--" * 90_000, "TOKEN='" * 30_000, "a" * 200_000, "A=" * 90_000, " " * 200_000,
        "-a" * 90_000, "\t-u\t" * 30_000,
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_no_argument_and_no_file_is_slow(text):
    begin = time.process_time()
    redact_argv(["sh", "-c", text])
    holds_secrets(".env", text.encode())
    is_secret_file(text)
    assert time.process_time() - begin < 2.0
