"""Where a webhook may lead: to public addresses, and to those that the admin allows.

A name is looked up once for each try, and the connection goes to the address that was judged: a
name that changes its mind in between leads nowhere else.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import SplitResult, urlsplit

from afield.mlflow_rest.errors import invalid
from afield.mlflow_rest.webhooks.limits import URL_CHARS_MAX

_Address = IPv4Address | IPv6Address
_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"), ip_network("::/96"))
"""IPv6 in which an IPv4 address stands that is reached by it: the last four bytes."""

_LOCAL = ("localhost", ".localhost", ".local", ".internal")


class Forbidden(Exception):
    """A webhook leads where nothing is sent to."""


class Allowed:
    """Judges addresses.

    Args:
        private: networks that are no public ones, and are allowed all the same (`10.0.0.0/8`).
    """

    def __init__(self, private: Sequence[str] = ()) -> None:
        self._private: list[IPv4Network | IPv6Network] = [ip_network(one) for one in private]

    def checked(self, url: str) -> str:
        """Return an address that a webhook may be given; no name is looked up.

        Raises:
            Rest: it is none, or one of this machine or a network that is not public.
        """
        found = _split(url)
        host = found.hostname or ""
        try:
            numeric = ip_address(host.partition("%")[0])
        except ValueError:
            is_local = host == _LOCAL[0] or host.endswith(_LOCAL[1:])
            if is_local and not self._private:
                raise invalid(f"Webhook URL must not lead to this network: {host!r}") from None
        else:
            if not self.allows(numeric):
                raise invalid(
                    "Webhook URL must not resolve to a non-public IP address."
                    f" {host!r} resolves to {numeric}."
                )
        if found.scheme == "http" and not self._private:
            raise invalid(
                "Invalid webhook URL scheme: 'http'. Allowed schemes are: https. What is sent is"
                " signed, not secret."
            )
        return url

    def resolved(self, host: str, port: int, *, plain: bool) -> str:
        """Return the address that is connected to.

        Args:
            host: a name or an address.
            port: the port.
            plain: without TLS, which leads into the allowed private networks alone.

        Raises:
            Forbidden: one of its addresses is none that is allowed.
            OSError: the name is not known.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(each[4][0]).partition("%")[0]) for each in found]
        for each in addresses:
            if not self.allows(each) or (plain and not self._is_private(each)):
                raise Forbidden(f"{host} is {each}, to which no webhook may lead")
        return str(addresses[0])

    def allows(self, address: _Address) -> bool:
        """Tell whether requests may go there."""
        return self._is_private(address) or all(_is_public(one) for one in _all_of(address))

    def _is_private(self, address: _Address) -> bool:
        return any(each.version == address.version and address in each for each in self._private)


def _split(url: str) -> SplitResult:
    if not url.strip():
        raise invalid(f"Webhook URL cannot be empty or just whitespace: {url!r}")
    if len(url) > URL_CHARS_MAX:
        raise invalid(f"Invalid webhook URL: it has more than {URL_CHARS_MAX} characters")
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError as error:
        raise invalid(f"Invalid webhook URL {url!r}: {error}") from None
    if found.scheme not in ("https", "http"):
        raise invalid(f"Invalid webhook URL scheme: {found.scheme!r}. Allowed schemes are: https.")
    if not found.hostname:
        raise invalid(f"Webhook URL must include a hostname: {url!r}")
    odd = any(ord(sign) <= 0x20 or ord(sign) == 0x7F or sign == "\\" for sign in url)  # noqa: PLR2004
    if odd or found.username is not None or found.fragment or port == 0 or not url.isascii():
        raise invalid(
            "Invalid webhook URL: it has no name and password, no fragment, no blank and no"
            " backslash, and letters of ASCII alone"
        )
    return found


def _all_of(address: _Address) -> list[_Address]:
    """Return an address, and those that stand in it and are reached by it."""
    found: list[_Address] = [address]
    if isinstance(address, IPv6Address):
        found += [one for one in (address.ipv4_mapped, address.sixtofour) if one is not None]
        found += list(address.teredo or ())
        if any(address in each for each in _TRANSLATED):
            found.append(IPv4Address(int(address) & 0xFFFFFFFF))
        if address.ipv4_mapped is not None:
            found.remove(address)
    return found


def _is_public(address: _Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not (isinstance(address, IPv6Address) and address.is_site_local)
    ) or (isinstance(address, IPv6Address) and address in _TRANSLATED[0])
