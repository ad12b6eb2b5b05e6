"""May this address be asked? Written by strangers, an address is read as a browser reads it and judged before use.

`parse_address` decides by the text, `check_peer` by the IP address about to be connected, and once more by the one that
was. The second wall is the safe one: a name may resolve to anything, and to something else a second later. The first
spares the look-up and names the fault. An address is read once, by ada (the WHATWG URL standard), and only what ada
serialises goes on, so no second parser can find another host in it: decimal, octal, hexadecimal, short, full-width and
percent-encoded hosts all come out as the one they mean.

What is refused; the codes are those of `tasks.outcome.DropReason`:

    URL_INVALID      no address, no scheme, a control character, port 0, a host no name server can hold (RFC 1035)
    SCHEME_BLOCKED   anything but http and https
    URL_TOO_LONG     longer than MAX_CHARACTERS once serialised
    URL_CREDENTIALS  a user name or a password; `@` is also how one host is dressed up as another
    PORT_BLOCKED     the ports of other services, whatever they would make of an HTTP request
    SSRF_PRIVATE_IP  an IP address that is not on the public internet, in any notation
    SSRF_LOCAL_NAME  a name that only this machine or its own network can answer

Names. `localhost` (RFC 6761), `local` (RFC 6762), `home.arpa` (RFC 8375), `internal` (reserved by ICANN in 2024), and
those that RFC 6762, appendix G, found in private use. A name without a dot is local too: the DNS should give it no
address (RFC 7085, SAC 053), so the search list of this machine would. `onion` (RFC 7686) and `alt` (RFC 9476) are not
in the DNS, so whoever answers for them is not who was meant: refused in any case, as are the names of cloud metadata.
`test`, `example` and `invalid` (RFC 6761) mean nobody, so they are left to the DNS, which says so.

IP addresses. The blocks of the IANA special-purpose registries are written down here, for `ipaddress.is_global` changes
from one patch release of Python to the next (192.0.0.0/24, 64:ff9b:1::/48, 2002::/16, 3fff::/20). IPv6 is turned round:
only 2000::/3 is given out, so all else is refused. IPv4 inside IPv6 is unwrapped where such addresses lead to web sites
(mapped, NAT64) or may lead into a network (ISATAP); 6to4, Teredo and IPv4-compatible ones are refused whole.

`allow_private` opens networks that somebody owns (loopback, private use, shared space, benchmarking, unique-local)
and local names, for intranets and tests. Cloud metadata, link-local, multicast, reserved and the ports stay shut.

Refused: credentials on behalf of the user, guessing at a missing scheme, looking names up. Not seen: a NAT64 prefix of
a provider's own (RFC 6052), which looks like any other public address. No message repeats the address, for it may hold
a password.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from ada_url import URL, HostType

from tasks.outcome import DropReason, Unusable

# RFC 9110, 4.1, asks servers for at least 8,000 octets, and nginx (8k) and Apache (8,190) take no longer request line
# as they come: a longer address is one that no reader could have opened. Not about time: of 16 hostile shapes with
# 50,000 to 250,000 characters (combining marks, dot segments, punycode, ...) the slowest took ada 2.6 ms.
MAX_CHARACTERS = 8_192
# RFC 1035, 2.3.4, in the dotted form without the last dot.
MAX_NAME_CHARACTERS = 253
DEFAULT_PORTS = {"http": 80, "https": 443}
WEB_PORTS = frozenset(DEFAULT_PORTS.values())

# What the URL standard takes off before it parses: controls and spaces around, tabs and line ends anywhere.
AROUND = "".join(map(chr, range(0x21)))
REMOVED_RE = re.compile(r"[\t\n\r]")
# The standard would percent-encode these. No author means them, and parsers differ on them.
CONTROL_RE = re.compile(r"[\x00-\x1f\x7f]")
SCHEME_RE = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
# An IPv6 address with a scope (RFC 4007) is no valid host of an address, but some clients take it for one.
SCOPED_RE = re.compile(r"(?:https?:)?[/\\]*\[[0-9a-f:.]*%", re.IGNORECASE)
# Stricter than the URL standard, which admits `*`, `'` or `(`. The underscore and hyphens at the ends are not in
# RFC 952, but real hosts have them.
LABEL_RE = re.compile(r"[a-z0-9_-]{1,63}")

LOCAL_NAMES = frozenset(
    {"localhost", "local", "home.arpa", "internal"}
    | {"corp", "home", "intranet", "lan", "private"}  # RFC 6762, appendix G
    | {"localdomain", "svc"}  # what Unix systems and Kubernetes put behind the names of their own hosts
)
# Not in the DNS, or names that the clouds answer with their metadata service.
SHUT_NAMES = frozenset(
    {"onion", "alt"}
    | {"metadata", "metadata.google.internal", "metadata.goog", "metadata.azure.internal", "metadata.tencentyun.com"}
    | {"instance-data", "instance-data.ec2.internal"}
)

# https://fetch.spec.whatwg.org/#port-blocking, as its web-platform test lists it; without port 0, which is no port.
FETCH_BAD_PORTS = frozenset({
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
    111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
    540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
    6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
})  # fmt: skip
# Services that act on what a request happens to say, or answer anybody with data or power. The list ends below 32768,
# where systems begin to give ports out by chance (tests bind those), and leaves out all that web sites are seen on.
SERVICE_PORTS = {
    445: "SMB", 623: "IPMI", 873: "rsync", 1080: "SOCKS", 1433: "SQL Server", 1434: "SQL Server", 1521: "Oracle",
    1883: "MQTT", 2181: "ZooKeeper", 2375: "Docker", 2376: "Docker", 2379: "etcd", 2380: "etcd", 3260: "iSCSI",
    3268: "LDAP", 3269: "LDAP", 3306: "MySQL", 3389: "Remote Desktop", 4369: "Erlang", 5432: "PostgreSQL", 5555: "adb",
    5671: "AMQP", 5672: "AMQP", 5900: "VNC", 5984: "CouchDB", 5985: "WinRM", 5986: "WinRM", 6379: "Redis",
    6380: "Redis", 8500: "Consul", 8883: "MQTT", 9042: "Cassandra", 9092: "Kafka", 9100: "a printer",
    9200: "Elasticsearch", 9300: "Elasticsearch", 10250: "kubelet", 10255: "kubelet", 11211: "memcached",
    26379: "Redis", 27017: "MongoDB", 27018: "MongoDB", 27019: "MongoDB", 28017: "MongoDB",
}  # fmt: skip

IPAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Block:
    """Addresses that are not the public internet. `is_owned`: somebody's own network, which `allow_private` opens."""

    network: IPv4Network | IPv6Network
    name: str
    is_owned: bool = False


# The first block that holds an address speaks for it.
IPV4_BLOCKS = tuple(
    Block(IPv4Network(network), name, is_owned)
    for network, name, is_owned in (
        # Inside public or shared space, but answered by the machine's own cloud.
        ("168.63.129.16/32", "Azure's platform", False),
        ("100.100.100.200/32", "Alibaba Cloud's metadata", False),
        # IANA IPv4 Special-Purpose Address Registry. Its blocks that are globally reachable (AS112, AMT) are left out,
        # but 192.0.0.0/24 is taken whole: its two reachable addresses are anycast for other protocols.
        ("0.0.0.0/8", "this network", False),
        ("10.0.0.0/8", "private use", True),
        ("100.64.0.0/10", "shared address space", True),
        ("127.0.0.0/8", "loopback", True),
        ("169.254.0.0/16", "link-local, where clouds keep their metadata", False),
        ("172.16.0.0/12", "private use", True),
        ("192.0.0.0/24", "IETF protocol assignments", False),
        ("192.0.2.0/24", "documentation", False),
        ("192.88.99.0/24", "6to4 relays, given up by RFC 7526", False),
        ("192.168.0.0/16", "private use", True),
        ("198.18.0.0/15", "benchmarking", True),
        ("198.51.100.0/24", "documentation", False),
        ("203.0.113.0/24", "documentation", False),
        # IANA IPv4 Address Space Registry.
        ("224.0.0.0/4", "multicast", False),
        ("240.0.0.0/4", "reserved, and broadcast", False),
    )
)
IPV6_BLOCKS = tuple(
    Block(IPv6Network(network), name, is_owned)
    for network, name, is_owned in (
        # Inside unique-local space, but answered by the machine's own cloud.
        ("fd00:ec2::/32", "Amazon's metadata, names and time", False),
        ("fd20:ce::254/128", "Google's metadata", False),
        # IANA IPv6 Special-Purpose Address Registry.
        ("::1/128", "loopback", True),
        ("2001::/23", "IETF protocol assignments, among them Teredo", False),
        ("2001:db8::/32", "documentation", False),
        ("2002::/16", "6to4, given up by RFC 7526", False),
        ("3fff::/20", "documentation", False),
        ("fc00::/7", "unique-local", True),
        ("fe80::/10", "link-local", False),
        # IANA IPv6 Address Space Registry.
        ("fec0::/10", "site-local, given up by RFC 3879", True),
        ("ff00::/8", "multicast", False),
        # All but 2000::/3: `::`, IPv4-compatible addresses, local NAT64, discard-only, segment routing, and the unused.
        ("::/3", "outside the space that is given out", False),
        ("4000::/2", "outside the space that is given out", False),
        ("8000::/1", "outside the space that is given out", False),
    )
)
MAPPED = IPv6Network("::ffff:0:0/96")  # RFC 4291, 2.5.5.2
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: where a network speaks IPv6 only, every IPv4 site looks so
ISATAP_IDENTIFIERS = frozenset({0x0000_5EFE, 0x0200_5EFE})  # RFC 5214, 6.1; the last 32 bits are IPv4


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An address that may be asked.

    `href` is its serialisation without the fragment: what is asked for, and what the ledger is keyed by. `scheme` is
    `http` or `https`. `host` is ASCII in lower case, an IPv6 address without brackets. `port` is the effective one.

    >>> parse_address("HTTPS://Bote.Example.org:443/a/../b?c#d")
    WebAddress(href='https://bote.example.org/b?c', scheme='https', host='bote.example.org', port=443)
    """

    href: str
    scheme: str
    host: str
    port: int

    @property
    def host_key(self) -> str:
        """The server behind the address, for politeness: `host`, or `host:port` where the port is not the web's.

        http and https share a key, for they are one machine; so do a name and the same name with a dot at its end.

        >>> parse_address("http://example.org/").host_key == parse_address("https://example.org./").host_key
        True
        """
        host = self._bracketed.removesuffix(".")
        return host if self.port in WEB_PORTS else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host, and the port where it is not the scheme's own: what one robots.txt speaks for.

        >>> parse_address("https://example.org:8443/a/b").origin
        'https://example.org:8443'
        """
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self._bracketed}{port}"

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def parse_address(url: str, base: str | None = None, *, allow_private: bool = False) -> WebAddress:
    """Read `url`, relative to `base` if there is one, as a browser does, and judge it.

    Raises Unusable with one of the reasons listed above. Any text is safe to give. What it returns comes back unchanged
    if its `href` is parsed again.

    >>> parse_address("//0x7f.1/admin", "https://example.org/")
    Traceback (most recent call last):
    tasks.outcome.Unusable: (<DropReason.SSRF_PRIVATE_IP: 'SSRF_PRIVATE_IP'>, '127.0.0.1: loopback; ...')
    """
    parsed = _parse(_stripped(url, is_relative_allowed=base is not None), base)
    scheme = parsed.protocol.removesuffix(":")
    if scheme not in DEFAULT_PORTS:
        raise _scheme_error(scheme)
    href = parsed.href.partition("#")[0]
    if len(href) > MAX_CHARACTERS:
        detail = f"{len(href):,} characters; at most {MAX_CHARACTERS:,} are asked for"
        raise Unusable(DropReason.URL_TOO_LONG, detail)
    if parsed.username or parsed.password:
        detail = "it holds a user name or a password; give the address without"
        raise Unusable(DropReason.URL_CREDENTIALS, detail)
    port = _checked_port(parsed.port, scheme)
    host = parsed.hostname.strip("[]")
    if parsed.host_type is HostType.DEFAULT:
        _check_name(host, allow_private=allow_private)
    else:
        check_peer(host, allow_private=allow_private)
    return WebAddress(href, scheme, host, port)


def check_peer(ip: str, *, allow_private: bool = False) -> None:
    """Judge the IP address of a server, in the notation of `getaddrinfo` and `getpeername`.

    Raises Unusable(SSRF_PRIVATE_IP) if it is not on the public internet, also for a text that is no IP address: what
    can't be judged is not connected to.

    >>> check_peer("64:ff9b::a9fe:a9fe", allow_private=True)
    Traceback (most recent call last):
    tasks.outcome.Unusable: (<...>, '64:ff9b::a9fe:a9fe (169.254.169.254): link-local, where ...')
    """
    try:
        given = ip_address(ip)
    except ValueError as error:
        detail = "the peer has no IP address that could be judged"
        raise Unusable(DropReason.SSRF_PRIVATE_IP, detail) from error
    for address in _meant_by(given):
        block = next((block for block in _blocks_of(address) if address in block.network), None)
        if block and not (block.is_owned and allow_private):
            hint = "; allow_private opens it" if block.is_owned else ""
            shown = ip if address == given else f"{ip} ({address})"
            raise Unusable(DropReason.SSRF_PRIVATE_IP, f"{shown}: {block.name}{hint}")


def _stripped(url: str, *, is_relative_allowed: bool) -> str:
    """Take off what the URL standard takes off. Raises Unusable for control characters and for what the scheme says."""
    text = REMOVED_RE.sub("", url.strip(AROUND))
    if CONTROL_RE.search(text):
        raise Unusable(DropReason.URL_INVALID, "it holds a control character; it was damaged on its way here")
    scheme = SCHEME_RE.match(text)
    if scheme and scheme[1].lower() not in DEFAULT_PORTS:
        raise _scheme_error(scheme[1])
    if not scheme and not is_relative_allowed:
        raise Unusable(DropReason.URL_INVALID, "it has no scheme; write https:// before the host" if text else "empty")
    return text


def _parse(text: str, base: str | None) -> URL:
    try:
        return URL(text, base)
    except ValueError as error:  # ada's own, and UnicodeEncodeError for half a surrogate pair
        if SCOPED_RE.match(text):
            detail = "an IPv6 address with a scope: one of a network that this machine is in"
            raise Unusable(DropReason.SSRF_PRIVATE_IP, detail) from error
        raise Unusable(DropReason.URL_INVALID, "no browser can read it; compare it with where it was found") from error


def _scheme_error(scheme: str) -> Unusable:
    detail = f"{scheme[:40]}: only http and https are fetched; if this is a host, write https:// before it"
    return Unusable(DropReason.SCHEME_BLOCKED, detail)


def _checked_port(written: str, scheme: str) -> int:
    """Return the effective port. ada writes the scheme's own one as an empty text."""
    port = int(written) if written else DEFAULT_PORTS[scheme]
    if port == 0:
        raise Unusable(DropReason.URL_INVALID, "port 0 is no port")
    if port in FETCH_BAD_PORTS:
        raise Unusable(DropReason.PORT_BLOCKED, f"port {port}: not the web's, browsers refuse it too (Fetch standard)")
    if port in SERVICE_PORTS:
        raise Unusable(DropReason.PORT_BLOCKED, f"port {port}: that of {SERVICE_PORTS[port]}, which is not the web")
    return port


def _check_name(host: str, *, allow_private: bool) -> None:
    name = host.removesuffix(".")
    labels = name.split(".")
    if len(name) > MAX_NAME_CHARACTERS or not all(map(LABEL_RE.fullmatch, labels)):
        raise Unusable(DropReason.URL_INVALID, "its host is no name that the DNS could hold (RFC 1035)")
    endings = {".".join(labels[start:]) for start in range(len(labels))}
    if shut := endings & SHUT_NAMES:
        detail = f"{max(shut, key=len)}: not in the public DNS, or a cloud's own service"
        raise Unusable(DropReason.SSRF_LOCAL_NAME, detail)
    if (len(labels) == 1 or endings & LOCAL_NAMES) and not allow_private:
        raise Unusable(DropReason.SSRF_LOCAL_NAME, f"{name}: a name of the local network; allow_private opens it")


def _meant_by(given: IPAddress) -> tuple[IPAddress, ...]:
    """Return the addresses that a packet to `given` may reach: all of them must be public."""
    if isinstance(given, IPv4Address):
        return (given,)
    inner = IPv4Address(int(given) & 0xFFFF_FFFF)
    if given in MAPPED or given in NAT64:
        return (inner,)
    if int(given) >> 32 & 0xFFFF_FFFF in ISATAP_IDENTIFIERS:
        return (given, inner)
    return (given,)


def _blocks_of(address: IPAddress) -> tuple[Block, ...]:
    return IPV4_BLOCKS if isinstance(address, IPv4Address) else IPV6_BLOCKS
