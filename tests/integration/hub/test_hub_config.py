"""`hub.toml`, and `afield hub check`: what is off is told with its place, and what to write."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from afield.cli.commands.hub_check import command as hub_check
from afield.cli.session import Session
from afield.hub.check import check
from afield.hub.config import ConfigOff, read_config

SOUND = 'url = "http://localhost:5151"\nworkspace = "."\n'
TEAM = 'url = "https://hub.example.org"\nworkspace = "."\n'


def read(tmp_path, text):
    path = tmp_path / "hub.toml"
    path.write_text(text, encoding="utf-8")
    return read_config(str(path))


def off(tmp_path, text):
    with pytest.raises(ConfigOff) as caught:
        read(tmp_path, text)
    return caught.value.why, caught.value.hint


def test_paths_are_relative_to_the_file_itself(tmp_path):
    text = TEAM + '[tls]\ncertificate = "tls/cert.pem"\nkey = "/etc/key.pem"\n'
    found = read(tmp_path, text)
    assert found.accounts == str(tmp_path / "accounts.sqlite")
    assert found.tls.certificate == str(tmp_path / "tls" / "cert.pem")
    assert found.tls.key == "/etc/key.pem"
    assert (found.origin, found.host, found.secure) == (
        "https://hub.example.org",
        "hub.example.org",
        True,
    )


@pytest.mark.parametrize(
    ("text", "why", "hint"),
    [
        (SOUND + "[listen]\nports = 1\n", "unknown key listen.ports", "did you mean port?"),
        (SOUND + "colour = 1\n", "unknown key colour", "known here: url, workspace, accounts"),
        (SOUND + '[listen]\nport = "x"\n', "listen.port: expected `int`, got `str`", None),
        (SOUND + "[listen]\nworkers = 0\n", "listen.workers: expected `int` >= 1", None),
        ('workspace = "."\n', "object missing required field `url`", None),
        ("url = = 1\n", "invalid value", None),
        (SOUND.replace("http:", "ftp:"), "url: it begins with https://", "url ="),
        (SOUND.replace("5151", "port"), "url: it is no address", "url ="),
        (SOUND.replace("5151", "5151/a"), "a name of its own, without path", "localhost:5151"),
        (TEAM, "nothing here speaks TLS", "[tls]"),
        (TEAM.replace("https:", "http:"), "sent in the clear", "https://hub.example.org"),
        (SOUND + '[listen]\nhost = "0.0.0.0"\n', "others could reach it", "[proxy]"),
        (TEAM + '[proxy]\ntrusted = ["*"]\n', "proxy.trusted", "10.0.0.0/8"),
        (TEAM + "[proxy]\ntrusted = []\n", "proxy.trusted: expected `array`", None),
    ],
)
def test_what_is_off_is_told_with_its_place_and_a_way_out(tmp_path, text, why, hint):
    found = off(tmp_path, text)
    assert why in found[0].lower() or why in found[0]
    assert hint is None or hint in found[1]


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigOff, match="No such file"):
        read_config(str(tmp_path / "none.toml"))


def results(config):
    return {one.name: one for one in check(config)}


def test_a_sound_configuration_passes_and_says_what_was_not_looked_at(folder):
    found = results(read(folder, SOUND + f"[listen]\nport = {free_port()}\n"))
    assert {name: one.state for name, one in found.items()} == {
        "packages": "pass",
        "database": "not run",
        "storage": "not run",
        "workspace": "pass",
        "accounts": "pass",
        "second factor": "not run",
        "services": "pass",
        "limits": "pass",
        "address": "pass",
        "certificate": "not run",
        "identity provider": "not run",
    }
    assert "3 runs" in found["workspace"].detail


def test_a_workspace_that_is_not_there_and_a_port_that_is_taken_fail(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        text = SOUND.replace('"."', '"none"') + f"[listen]\nport = {port}\n"
        found = results(read(tmp_path, text))
    assert found["workspace"].state == "fail"
    assert found["address"].state == "fail"


@pytest.mark.parametrize(
    ("names", "days", "mode", "said"),
    [
        (["hub.example.org"], 90, 0o600, None),
        (["*.example.org"], 90, 0o600, None),
        (["example.org", "*.org"], 90, 0o600, "is for example.org, *.org, not hub.example.org"),
        (["hub.example.org"], 3, 0o600, "ends on"),
        (["hub.example.org"], -1, 0o600, "ends on"),
        (["hub.example.org"], 90, 0o644, "others can read"),
    ],
)
def test_a_certificate_must_fit_the_name_and_be_good_for_a_while(folder, names, days, mode, said):
    write_certificate(folder, names, days)
    (folder / "key.pem").chmod(mode)
    text = TEAM + '[tls]\ncertificate = "cert.pem"\nkey = "key.pem"\n'
    found = results(read(folder, text))["certificate"]
    assert found.state == ("fail" if said else "pass"), found
    assert said is None or said in found.detail


def test_a_key_of_another_certificate_fails(folder):
    write_certificate(folder, ["hub.example.org"], 90)
    key = (folder / "key.pem").read_bytes()
    write_certificate(folder, ["hub.example.org"], 90)
    (folder / "key.pem").write_bytes(key)
    text = TEAM + '[tls]\ncertificate = "cert.pem"\nkey = "key.pem"\n'
    assert results(read(folder, text))["certificate"].state == "fail"


def test_a_provider_that_cannot_be_reached_fails_and_nothing_waits_long(folder):
    (folder / "secret").write_text("s3cret\n", encoding="utf-8")
    (folder / "secret").chmod(0o600)
    more = f'issuer = "http://127.0.0.1:{free_port()}"\nclient_id = "afield"\n'
    text = SOUND + f'[oidc]\n{more}client_secret_file = "secret"\n'
    found = results(read(folder, text))["identity provider"]
    assert found.state == "fail"
    assert "s3cret" not in found.detail


def test_the_command_answers_in_json_and_exits_by_what_it_found(folder):
    (folder / "hub.toml").write_text(SOUND.replace('"."', '"none"'), encoding="utf-8")
    session = Session({})
    session.json = True
    arguments = ["--config", str(folder / "hub.toml")]
    done = CliRunner().invoke(hub_check, arguments, obj=session, standalone_mode=False)
    assert done.return_value == 3
    assert '"schema": "afield.hub-check/1"' in done.output
    assert '"name": "workspace"' in done.output


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def write_certificate(folder, names, days):
    """Write `cert.pem` and `key.pem`, signed by itself and good for so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "afield")])
    now = datetime.now(UTC)
    known = [
        x509.IPAddress(ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in names
    ]
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(known), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "key.pem").write_bytes(pem)
    (folder / "key.pem").chmod(0o600)
