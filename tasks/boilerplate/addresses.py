"""The canonical address of an article: which of the addresses that a page gives for itself can be taken.

Pages state it as `rel=canonical`, `og:url` and in JSON-LD. Taken is an absolute http(s) address on the site the page
came from. Refused are other sites (a reprint names its source so; that is another article's address), unless two
sources agree on it, and the site's home page for an article that lives elsewhere, a common slip of templates. Query
and fragment stay as the page states them.
"""

import re
from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

from tasks.boilerplate.statements import Statement

LONGEST = 2_000
ABSOLUTE_RE = re.compile(r"https?://", re.IGNORECASE)
HOME_PATHS = frozenset({"", "/", "/index.html", "/index.php", "/home"})
# Under a country's domain a second label this short is a part of the register: co.uk, com.br, or.jp.
REGISTER_LABEL = 3
COUNTRY_LABEL = 2


def choose_canonical(stated: Sequence[tuple[str, str]], url: str | None) -> tuple[Statement[str], ...]:
    """Return the addresses that can be taken, the most trusted first. `stated` are sources and texts in this order."""
    statements = [
        Statement(source, text, absolute)
        for source, text in stated
        if (absolute := resolve(text, url)) is not None and not _is_home(absolute, url)
    ]
    if not url:
        return tuple(statements)
    return tuple(
        one
        for one in statements
        if is_same_site(one.value, url) or sum(same_address(one.value, other.value) for other in statements) > 1
    )


def resolve(text: str, url: str | None) -> str | None:
    """Return the absolute http(s) address that `text` is on the page at `url`, None where it is none."""
    text = text.strip()
    if len(text) > LONGEST or len(text.split()) != 1:
        return None
    try:
        absolute = text if ABSOLUTE_RE.match(text) else urljoin(url or "", text)
        parts = urlsplit(absolute)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and "." in (parts.hostname or "")
    except ValueError:
        return None
    return absolute if is_address else None


def same_address(one: str, other: str) -> bool:
    """Say whether two addresses are the same up to scheme, `www`, and a stroke at the end."""
    return _plain(one) == _plain(other)


def _plain(url: str) -> str:
    return url.partition("://")[2].removeprefix("www.").partition("#")[0].rstrip("/").casefold()


def _is_home(address: str, url: str | None) -> bool:
    """Say whether an address is a site's home page, and the page is not known to be just that."""
    if not _is_home_path(address):
        return False
    return not (url and _is_home_path(url))


def _is_home_path(address: str) -> bool:
    parts = urlsplit(address)
    return parts.path.lower() in HOME_PATHS and not parts.query


def is_same_site(one: str, other: str) -> bool:
    """Say whether two addresses are of one site, whatever the hosts in it.

    >>> is_same_site("https://www.example.co.uk/a", "https://news.example.co.uk/b")
    True
    """
    return site_of(one) == site_of(other)


def site_of(url: str) -> str:
    """Return the registered domain of an address, as far as it can be told without a list of registers."""
    labels = host_labels(url)
    long = len(labels) > COUNTRY_LABEL and len(labels[-1]) == COUNTRY_LABEL and len(labels[-2]) <= REGISTER_LABEL
    return ".".join(labels[-3:] if long else labels[-2:])


def host_labels(url: str | None) -> list[str]:
    """Return the labels of the host of an address, in lower case; none where it has no host."""
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        return []
    return [label for label in host.lower().split(".") if label]
