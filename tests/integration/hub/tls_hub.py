"""A hub of a team that speaks TLS, in this process, and certificates of an authority of its own."""

from __future__ import annotations

import contextlib
import ssl
import threading
from datetime import UTC, datetime, timedelta

import httpx2
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from afield.hub.accounts.passwords import Passwords
from afield.hub.config import HubConfig, Tls
from afield.hub.serve import listen
from afield.hub.team import prepare, team_app

PASSWORD = "correct horse battery"  # noqa: S105 - made up
WAIT_S = 120


class Authority:
    """Signs certificates; its own stands in `file`."""

    def __init__(self, folder):
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "our own")])
        self.file = folder / "ca.pem"
        self.file.write_bytes(_pem(self._signed(self._name, self._key.public_key(), 90, ca=True)))

    def certificate(self, name, days=90):
        """Return the files of a certificate for a name, good for so many days from now."""
        key, path = ec.generate_private_key(ec.SECP256R1()), self._folder / f"{name}-{days}"
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        found = self._signed(subject, key.public_key(), days, host=name)
        path.with_suffix(".pem").write_bytes(_pem(found))
        private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, *private)
        path.with_suffix(".key").write_bytes(pem)
        return Tls(str(path.with_suffix(".pem")), str(path.with_suffix(".key")))

    def _signed(self, subject, key, days, *, ca=False, host=None):
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
            .not_valid_before(now - timedelta(days=10))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if host is not None:
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            made = made.add_extension(names, critical=False)
        return made.sign(self._key, hashes.SHA256())


def _pem(found):
    return found.public_bytes(serialization.Encoding.PEM)


@contextlib.contextmanager
def answering(app, listener=None, **more):
    """Run an app on a socket of loopback until the block ends; yield its port."""
    listener = listener or listen("127.0.0.1", 0)
    config = uvicorn.Config(app, log_level="error", ws="none", lifespan="on", **more)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextlib.contextmanager
def tls_hub(hosted, folder, tls, **sections):
    """Yield the address and configuration of a hub with accounts that speaks TLS."""
    listener = listen("127.0.0.1", 0)
    url = f"https://localhost:{listener.getsockname()[1]}"
    config = HubConfig(url, str(folder), str(folder / "accounts.sqlite"), tls=tls, **sections)
    quick = Passwords(memory_kib=8, passes=1, lanes=1)
    files = {"ssl_certfile": tls.certificate, "ssl_keyfile": tls.key}
    with team_app(hosted, config, quick) as app, answering(app, listener, **files):
        yield url, config


def first_token(url, config, authority, actions):
    """Make the first admin's account, and return a token of it that is good for some actions."""
    trust = ssl.create_default_context(cafile=authority.file)
    with httpx2.Client(base_url=url, verify=trust, timeout=WAIT_S) as browser:
        claim = {"code": prepare(config), "username": "ada", "password": PASSWORD}
        said = browser.post("/api/v1/claim", json=claim).json()
        headers = {"x-afield-csrf": said["csrf"], "origin": url}
        asked = {"name": "laptop", "actions": actions}
        return browser.post("/api/v1/tokens", json=asked, headers=headers).json()["token"]
