"""The guard against the table of addresses, against other readers of addresses, and against any text at all."""

import json
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from tasks.fetch.url_guard import (
    FETCH_BAD_PORTS,
    IPV4_BLOCKS,
    IPV6_BLOCKS,
    LOCAL_NAMES,
    MAX_CHARACTERS,
    SERVICE_PORTS,
    SHUT_NAMES,
    Block,
    WebAddress,
    check_peer,
    parse_address,
)
from tasks.outcome import DropReason, Unusable
from tests.cpu_time import least_s

CASES = Path(__file__).parents[1] / "cases" / "fetch"
BASE = "https://bote.example.org/news/a"
EVERY_BLOCK = (*IPV4_BLOCKS, *IPV6_BLOCKS)
BLOCKS = [pytest.param(block, id=str(block.network)) for block in EVERY_BLOCK]

# Refused here, though one release of `ipaddress` or another calls them global.
STRICTER: list[IPv4Network | IPv6Network] = [
    *map(IPv4Network, ["168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4"]),
    *map(IPv6Network, ["2001::/23", "2002::/16", "3fff::/20", "::/3", "4000::/2", "8000::/1"]),
]


def cases() -> list[Any]:
    lines = (CASES / "addresses.jsonl").read_text("utf-8").splitlines()
    return [pytest.param(row, id=row["label"]) for row in map(json.loads, lines)]


def unpacked(text: str | list[tuple[str, int]]) -> str:
    """Long texts stand in the table in parts, each with how often it is repeated."""
    return text if isinstance(text, str) else "".join(part * times for part, times in text)


def reason_of(url: str, base: str | None = None, *, allow_private: bool = False) -> DropReason | None:
    try:
        parse_address(url, base, allow_private=allow_private)
    except Unusable as error:
        return error.reason
    return None


def is_refused(ip: str, *, allow_private: bool = False) -> bool:
    try:
        check_peer(ip, allow_private=allow_private)
    except Unusable as error:
        return error.reason is DropReason.SSRF_PRIVATE_IP
    return False


@pytest.mark.parametrize("row", cases())
def test_an_address_is_read_or_refused_as_the_table_says(row: dict[str, Any]) -> None:
    url = unpacked(row["url"])
    if row["reason"]:
        with pytest.raises(Unusable) as raised:
            parse_address(url, row["base"], allow_private=row["allow_private"])
        assert (raised.value.reason, bool(raised.value.detail)) == (row["reason"], True), raised.value.detail
        return
    address = parse_address(url, row["base"], allow_private=row["allow_private"])
    assert address.href == unpacked(row["href"])
    assert (address.host_key, address.origin) == (row["host_key"], row["origin"])
    assert parse_address(address.href, allow_private=row["allow_private"]) == address


def test_the_table_says_each_label_once() -> None:
    labels = [case.values[0]["label"] for case in cases()]
    assert len(labels) == len(set(labels)) >= 400


def test_fields_of_an_address() -> None:
    address = parse_address("HTTP://[2606:4700:0::1111]:8080/a?b#c")
    assert address == WebAddress("http://[2606:4700::1111]:8080/a?b", "http", "2606:4700::1111", 8080)
    assert address.host_key == "[2606:4700::1111]:8080"
    assert address.origin == "http://[2606:4700::1111]:8080"


@pytest.mark.parametrize("url", ["https://ada:secret@bote.example.org/", "https://ada:secret@[bad/", "ada:secret@x"])
def test_what_is_refused_does_not_say_a_password(url: str) -> None:
    with pytest.raises(Unusable) as raised:
        parse_address(url)
    assert "secret" not in raised.value.detail


def test_a_message_is_short_however_long_the_address_is() -> None:
    name = ".".join(["a" * 60] * 4)
    for url in ("x" * 100_000 + ":y", "https://" + "a" * 100_000, f"https://{name}.local/", f"https://{'a.' * 4_000}/"):
        with pytest.raises(Unusable) as raised:
            parse_address(url)
        assert 0 < len(raised.value.detail) < 400


LONG = [
    "http://[",
    "/",
    "http:",
    "http://",
    "https://a@",
    "https://1.",
    "https://\u0316\u0300",
    "[",
    ":",
    "a",
    "\t",
    "%61",
]
REPEATED = ["/", ":", "[::", "a/../", "@", "%", "é", "\u0316\u0300", "1.", "0", "xn--", " ", "\t", "\0", "[0:"]


@pytest.mark.parametrize("repeated", REPEATED)
def test_time_grows_with_the_length_of_an_address_and_not_with_its_square(repeated: str) -> None:
    """100,000 characters take 0.01 s at most; a quadratic expression for scopes took 40 s."""
    addresses = [start + repeated * (100_000 // len(repeated)) for start in LONG]
    assert least_s(lambda: [reason_of(address, BASE) for address in addresses], 2) < 2


@pytest.mark.parametrize("port", sorted(FETCH_BAD_PORTS | SERVICE_PORTS.keys()))
def test_a_port_of_the_lists_is_blocked_whatever_is_allowed(port: int) -> None:
    for host in ("bote.example.org", "127.0.0.1"):
        assert reason_of(f"http://{host}:{port}/", allow_private=True) is DropReason.PORT_BLOCKED


def test_no_port_that_systems_give_out_by_chance_is_blocked() -> None:
    assert max(FETCH_BAD_PORTS | SERVICE_PORTS.keys()) < 32_768


def test_no_port_is_listed_twice() -> None:
    assert FETCH_BAD_PORTS.isdisjoint(SERVICE_PORTS)


@pytest.mark.parametrize("ending", sorted(LOCAL_NAMES | SHUT_NAMES))
def test_a_local_name_is_refused_whole_and_below_and_nowhere_else(ending: str) -> None:
    opened = DropReason.SSRF_LOCAL_NAME if ending in SHUT_NAMES else None
    for host in (ending, f"bote.{ending}", f"a.bote.{ending}.", ending.upper()):
        assert reason_of(f"https://{host}/") is DropReason.SSRF_LOCAL_NAME
        assert reason_of(f"https://{host}/", allow_private=True) is opened
    assert reason_of(f"https://{ending}.example.org/") is None
    assert reason_of(f"https://bote.x{ending.replace('.', '')}/") is None


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_is_refused_from_its_first_address_to_its_last_and_not_beyond(block: Block) -> None:
    first, last = block.network[0], block.network[-1]
    assert is_refused(str(first))
    assert is_refused(str(last))
    for beside in (int(first) - 1, int(last) + 1):
        if 0 <= beside < 2**block.network.max_prefixlen:
            neighbour = type(first)(beside)
            assert is_refused(str(neighbour)) is any(neighbour in other.network for other in EVERY_BLOCK)


@pytest.mark.parametrize("block", BLOCKS)
def test_only_owned_blocks_are_opened(block: Block) -> None:
    assert is_refused(str(block.network[-1]), allow_private=True) is not block.is_owned


def inner_of(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that a mapped or NAT64 one stands for."""
    if ip in IPv6Network("::ffff:0:0/96") or ip in IPv6Network("64:ff9b::/96"):
        return IPv4Address(int(ip) % 2**32)
    return None


def has_isatap_form(ip: IPv4Address | IPv6Address) -> bool:
    return isinstance(ip, IPv6Address) and int(ip) >> 32 & 0xFDFF_FFFF == 0x5EFE


low_ipv6 = st.integers(0, 2**125 - 1).map(IPv6Address)  # where all the special blocks below 2000::/3 are
any_ip = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6), low_ipv6)


@given(any_ip)
@example(ip_address("100.64.0.1"))
@example(ip_address("192.0.0.9"))
@example(ip_address("2001:20::1"))
@example(ip_address("::1"))
@example(ip_address("1.1.1.1"))
@example(ip_address("2606:4700::1111"))
def test_the_blocks_agree_with_ipaddress_but_for_what_is_listed(ip: IPv4Address | IPv6Address) -> None:
    """What `ipaddress` calls private is refused. What is refused beyond that is said in STRICTER."""
    judged = inner_of(ip) or ip
    is_listed = any(judged in network for network in STRICTER)
    if not judged.is_global or judged.is_multicast or is_listed:
        assert is_refused(str(ip))
    elif not has_isatap_form(ip):
        assert not is_refused(str(ip))


PREFIXES = ["::ffff:0:0", "64:ff9b::", "2606:4700::5efe:0:0", "2606:4700::200:5efe:0:0"]


@given(st.ip_addresses(v=4), st.sampled_from(PREFIXES))
@example(IPv4Address("127.0.0.1"), "::ffff:0:0")
@example(IPv4Address("169.254.169.254"), "64:ff9b::")
@example(IPv4Address("10.0.0.1"), "2606:4700::5efe:0:0")
@example(IPv4Address("10.0.0.1"), "2606:4700::200:5efe:0:0")
def test_ipv4_inside_ipv6_is_judged_alike(inner: IPv4Address, prefix: str) -> None:
    outer = str(IPv6Address(int(IPv6Address(prefix)) + int(inner)))
    for allow_private in (False, True):
        assert is_refused(outer, allow_private=allow_private) is is_refused(str(inner), allow_private=allow_private)


@given(st.ip_addresses(v=4))
@example(IPv4Address("1.1.1.1"))
def test_6to4_teredo_and_compatible_addresses_are_refused_whatever_they_hold(inner: IPv4Address) -> None:
    number = int(inner)
    six_to_four, teredo = (0x2002 << 112) + (number << 80), (0x2001_0000 << 96) + (number ^ 0xFFFF_FFFF)
    compatible, translated = number, (0xFFFF_0000 << 32) + number
    for outer in (six_to_four, teredo, compatible, translated):
        assert is_refused(str(IPv6Address(outer)))


NO_IP = ["", "localhost", "127.1", "0x7f.1", "1.1.1.1 ", "[::1]", "1.1.1.1:80", "01.1.1.1", "::g", "1.1.1.1%eth0"]


@pytest.mark.parametrize("ip", NO_IP)
def test_a_peer_that_is_no_ip_address_is_refused(ip: str) -> None:
    assert is_refused(ip)
    assert is_refused(ip, allow_private=True)


@pytest.mark.parametrize("ip", ["fe80::1%eth0", "fe80::1%2", "::1%lo", "::ffff:127.0.0.1%1"])
def test_a_scope_hides_nothing(ip: str) -> None:
    assert is_refused(ip)


def test_a_real_peer_is_judged_by_what_getpeername_says() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        peer = client.getpeername()[0]
    assert is_refused(peer)
    assert not is_refused(peer, allow_private=True)


def notations(ip: IPv4Address) -> Iterator[str]:
    """The forms that `inet_aton` takes: one to four parts, each decimal, octal or hexadecimal."""
    number = int(ip)
    for count in (1, 2, 3, 4):
        heads = [number >> 8 * (3 - index) & 0xFF for index in range(count - 1)]
        parts = [*heads, number % 2 ** (8 * (5 - count))]
        for write in ("{:d}", "0{:o}", "0x{:x}", "0X{:X}", "000{:o}", "0x00{:x}"):
            yield ".".join(write.format(part) for part in parts)


special = st.sampled_from([block.network[-1] for block in IPV4_BLOCKS])


@given(st.one_of(special, st.ip_addresses(v=4)))
@example(IPv4Address("1.1.1.1"))
@example(IPv4Address("127.0.0.1"))
def test_every_notation_is_the_address_that_the_c_library_reads(ip: IPv4Address) -> None:
    for text in notations(ip):
        assert socket.inet_ntoa(socket.inet_aton(text)) == str(ip)
        if is_refused(str(ip)):
            assert reason_of(f"http://{text}/") is DropReason.SSRF_PRIVATE_IP
        else:
            assert parse_address(f"http://{text}/").host == str(ip)


@given(st.one_of(st.ip_addresses(v=6), low_ipv6))
@example(IPv6Address("::ffff:127.0.0.1"))
@example(IPv6Address("2606:4700::1111"))
def test_an_ipv6_address_is_judged_in_a_url_as_it_is_as_a_peer(ip: IPv6Address) -> None:
    for text in (ip.compressed, ip.exploded, ip.compressed.upper()):
        assert (reason_of(f"http://[{text}]/") is DropReason.SSRF_PRIVATE_IP) is is_refused(str(ip))


# What confusing addresses are made of, so that chance finds more than noise.
PIECES = [
    *[
        "http://",
        "https://",
        "HTTP:",
        "//",
        "/",
        "\\",
        "@",
        ":",
        "?",
        "#",
        "%",
        "[",
        "]",
        ".",
        "..",
        "%2e",
        "%00",
        "%40",
    ],
    *["127.0.0.1", "0x7f", "017700000001", "2130706433", "::1", "::ffff:7f00:1", "localhost", "bote.example.org", "１"],
    *["a", "80", "22", "0", " ", "\t", "\n", "\0", "\x7f", "\u00ad", "\u200b", "\ud800", "é", "ß", "xn--", "ftp:", "_"],
    *["。", "*", "%25", "&", "=", ";", "|", "1.1.1.1", "2606:4700::1", ".org", ".local"],
]
pieces = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
# `st.text` makes no surrogates; `st.characters` with all categories does.
any_text = st.text(st.characters(), max_size=60)
numbers = st.from_regex(r"[0-9a-fx.]{1,20}", fullmatch=True)
hosts = st.one_of(pieces, any_text, numbers).map("https://{}/".format)
texts = st.one_of(any_text, pieces, hosts)


@given(texts, st.sampled_from([None, BASE, "bote", "\ud800"]), st.booleans())
@example("http://bote.example.org/\ud800", None, False)  # noqa: FBT003  (Hypothesis takes examples by place)
@example("http://bote.example.org/\0", None, False)  # noqa: FBT003
def test_any_text_is_read_or_refused(text: str, base: str | None, allow_private: bool) -> None:
    try:
        address = parse_address(text, base, allow_private=allow_private)
    except Unusable:
        return
    assert parse_address(address.href, allow_private=allow_private) == address
    assert address.href.isascii()
    assert address.href.isprintable()
    assert " " not in address.href
    assert len(address.href) <= MAX_CHARACTERS
    assert address.href.startswith(address.origin + "/")
    assert address.host_key.startswith(address.origin.partition("//")[2].partition(":")[0].removesuffix("."))


@given(texts)
@example("http://bote.example.org\\@127.0.0.1/")
@example("http://bote.example.org:443#@127.0.0.1/")
def test_no_other_reader_finds_another_host(text: str) -> None:
    """What one reader takes for a path, another may take for credentials: nothing may be left to disagree on."""
    try:
        address = parse_address(text)
    except Unusable:
        return
    split, yarl = urlsplit(address.href), URL(address.href, encoded=True)
    port = split.port or {"http": 80, "https": 443}[split.scheme]
    assert (split.scheme, split.hostname, port) == (address.scheme, address.host, address.port)
    assert (yarl.scheme, yarl.raw_host, yarl.port) == (address.scheme, address.host, address.port)
    assert split.username is None
    assert yarl.user is None


@given(texts)
@example("http://0x7f.1/")
@example("http://[::ffff:127.0.0.1]/")
@example("http://1.1/")
def test_no_host_that_passes_is_a_private_address_to_anybody(text: str) -> None:
    try:
        host = parse_address(text).host
    except Unusable:
        return
    try:
        host = socket.inet_ntoa(socket.inet_aton(host))  # reads more forms than `ipaddress` does
    except OSError:
        assert host == host.lower()
    try:
        ip = ip_address(host)
    except ValueError:
        assert "." in host.removesuffix(".")
        return
    judged = inner_of(ip) or ip
    assert judged.is_global
    assert not judged.is_multicast
