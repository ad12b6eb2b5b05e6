"""One page, many addresses: what is taken off before an address is asked, and when two addresses mean the same page.

Three strengths, from the weakest claim to the strongest:

- `clean_address` takes off what never reaches the page's content: the fragment, and the tracking parameters of
  `rules/tracking_parameters.tsv`. Its result is asked for, so all else stays byte for byte, in its order.
- `page_key` goes on to what is the same page on nearly every server. Its result is compared and never asked for: two
  inputs with one key become a relation, not a loss, so an error costs a row in a table.
- `canonical_of` reads what the page says of itself (`rel=canonical`, RFC 6596), unless it can't be meant.

A row of the table: `found` is a regular expression for the whole name of a parameter, percent-decoded and in lower
case, `meaning` the tracker whose it is; `example` and `counter_example` are addresses. A name belongs there only if
it is known as a label of visits, and no site would choose content by it. So `ref`, `source`, `cid`, `cmp`, `spm`,
`from` and `id` stay: some site somewhere selects a page by each of them.

Refused: sorting parameters (`?2031&07` are positions), folding the case of paths, taking `amp`, `m.` or `print` for
another form of a page (they may be its name; such pages say `rel=canonical`), and addresses inside addresses.
"""

import re
from functools import cache
from urllib.parse import unquote

from tasks.fetch.url_guard import WebAddress, parse_address
from tasks.outcome import StageName, Unusable
from tasks.rule_table import read_rules

# Links escaped once too often leave `&amp;utm_source=` behind, and browsers ask for that.
ESCAPED_AMPERSAND_RE = re.compile(r"^(?:amp;)+")
# What servers send for a folder by default: Apache's, nginx's and IIS's lists. They are told apart in no other way.
INDEX_RE = re.compile(r"/(?:index\.(?:html?|shtml|php|aspx?|jsp)|default\.(?:html?|aspx?))$", re.IGNORECASE)
# RFC 3986, 2.3: these mean the same with and without percent-encoding.
UNRESERVED_RE = re.compile(r"[A-Za-z0-9._~-]")
ENCODED_RE = re.compile(r"%([0-9a-fA-F]{2})")


def clean_address(href: str) -> str:
    """Return `href`, a serialised address, without fragment, tracking parameters, and a `?` with nothing behind it.

    >>> clean_address("https://example.org/a?utm_source=x&id=5&&q=%C3%a9&fbclid=y#top")
    'https://example.org/a?id=5&&q=%C3%a9'
    """
    place, _, query = href.partition("#")[0].partition("?")
    parameters = query.split("&")
    kept = "&".join(parameter for parameter in parameters if not is_tracking(parameter))
    return f"{place}?{kept}" if kept else place


def is_tracking(parameter: str) -> bool:
    """Whether `parameter`, as `name=value` or `name`, only says how a reader came to the page."""
    name = unquote(parameter.partition("=")[0]).lower()
    return bool(_tracking_re().fullmatch(ESCAPED_AMPERSAND_RE.sub("", name)))


@cache
def _tracking_re() -> re.Pattern[str]:
    rules = read_rules(StageName.FETCH.value, "tracking_parameters")
    return re.compile("|".join(f"(?:{rule.found})" for rule in rules))


def page_key(href: str) -> str:
    """Return what two addresses of one page share: to compare with, never to ask for.

    Beyond `clean_address`, these make no difference: http or https, `www.`, a dot behind the host, percent-encoding of
    letters that need none, the name of a folder's index page, slashes at the end of the path.

    >>> page_key("http://www.example.org/%7Eada/index.html?id=5#top")
    'example.org/~ada?id=5'
    >>> page_key("https://example.org/~ada/?id=5")
    'example.org/~ada?id=5'
    """
    _, _, rest = clean_address(href).partition("://")
    place, mark, query = rest.partition("?")
    host, slash, path = place.partition("/")
    path = INDEX_RE.sub("/", ENCODED_RE.sub(_decoded, slash + path))
    return _site(host) + path.rstrip("/") + mark + query


def _decoded(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if UNRESERVED_RE.fullmatch(character) else match[0].upper()


def _site(host: str) -> str:
    """Return `host`, with its port if it has one, without `www.` and the dot of a full name."""
    name, colon, port = host.partition(":") if not host.startswith("[") else (host, "", "")
    bare = name.removesuffix(".")
    stripped = bare.removeprefix("www.")
    return (stripped if "." in stripped else bare) + colon + port


def canonical_of(declared: str | None, final_url: str) -> str | None:
    """Return the address a page declares as its canonical one, absolute and clean; None where that can't be meant.

    `declared` is the `href` of its link, `final_url` the address that answered. It can't be meant if it is empty or no
    address that may be asked (a developer's `localhost` on a public page, say), or if it is the root of a site and the
    page is not that site's root: a common defect of templates, which would make one page of a whole site.

    >>> canonical_of("/bridge?utm_source=rss", "https://www.example.org/amp/bridge")
    'https://www.example.org/bridge'
    >>> canonical_of("https://www.example.org/", "https://www.example.org/bridge") is None
    True
    >>> canonical_of("http://localhost:3000/bridge", "https://www.example.org/bridge") is None
    True
    """
    if not declared or not declared.strip():
        return None
    try:
        page = parse_address(final_url, allow_private=True)
        target = parse_address(declared, page.href, allow_private=not _is_public(page))
    except Unusable:
        return None
    if _is_root(target) and not (_is_root(page) and _is_one_site(page, target)):
        return None
    return clean_address(target.href)


def _is_public(page: WebAddress) -> bool:
    try:
        parse_address(page.href)
    except Unusable:
        return False
    return True


def _is_root(address: WebAddress) -> bool:
    return not re.search(r"[/?]", page_key(address.href))


def _is_one_site(page: WebAddress, target: WebAddress) -> bool:
    """Whether, of two roots, one host is the other or belongs to it (`m.example.org` and `example.org`)."""
    one, other = page_key(page.href), page_key(target.href)
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
