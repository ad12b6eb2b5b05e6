"""What kind of page this is: an article, or one that stands in the place of one.

Pages that are no article are lists of articles, errors, requests for consent, invitations to subscribe, checks for
robots and forms to log in. Two kinds of evidence say so, and neither alone is enough:

- **Wording** (`rules/page_kinds.tsv`): `found` is a pattern for a whole line, folded by `fold_line`; `meaning` is the
  code of a `DropReason`. Rows are for lines and for titles alike. Rows called `paywall-offer-...` advertise a
  subscription, as open pages do too; they count only where the page states that it is not free.
- **How much prose is left.** Prose is the longest run of body paragraphs that no rule knows and no headline in a link
  parts. A page about an error has next to none; an article about errors has plenty, whatever its title says.

Lists of articles are told without wording, too: by what the page states (its schema, the classes that content systems
give to archives, an address that is the site's root), by the number of headlines in links, and by runs of prose that
have the length of a teaser. What stands under a headline of its own is taken for an article, however short it is and
however many links surround it.

In doubt a page is an article: a menu kept is seen and removed later, an article dropped is lost. So a page that states
that it is an article is only dropped where no prose is left at all, or for a paywall or a request for consent.

Refused: addresses as evidence beyond the site's root (paths mean something else on every site), and status codes, which
the fetch room judges. Numbers were set on the cases in `tests/cases/boilerplate/` and held against the 80 development
pages of article-extraction-benchmark, all of which stay articles. Costs 0.8 ms a page there.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeAlias
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement

from tasks.boilerplate.line_rules import fold_space, read_alternation
from tasks.boilerplate.line_shape import WIDE_RE, shape_of
from tasks.outcome import Dropped, DropReason

RULES = "page_kinds"
OFFERS = "paywall-offer"
EDGES = " .,:;!?¡¿…\"'“”„«»‹›()[]|·•*#→–—-。！？،؟।"
# A line longer than this is prose, whatever it says; so is what comes after so many lines of a page.
LONGEST_RULED_LINE = 600
MOST_RULED_LINES = 400
MOST_LINKS = 3_000
MOST_TITLES = 3

# Weights are characters, with those of the East Asian scripts counting twice, as in `line_shape`.
SHORTEST_HEADLINE = 24
SHORTEST_PROSE = 40
# What an error page says besides (try the search, write to us), where its title names the error and another line, too,
# where only the title does, and where only a line does.
PROSE_BESIDE_BOTH = 400
PROSE_BESIDE_TITLE = 200
PROSE_BESIDE_LINE = 100
# Teasers of walled articles have one to three paragraphs.
LONGEST_TEASER = 900
MOST_TEASER_PARAGRAPHS = 3
# The wall stands close behind the teaser.
LINES_BEFORE_WALL = 8
# A request for consent has this share of the body's text, or this where the title names it.
SHARE_OF_CONSENT = 0.7
SHARE_UNDER_TITLE = 0.5
# A form to log in stands on a page of few lines, or under a title that says so.
MOST_LOGIN_LINES = 30

LEAST_HEADLINES = 6
MANY_HEADLINES = 8
# The prose of a teaser, and the text under a section's name.
TEASER_PROSE = 350
SECTION_PROSE = 700
LEAST_TEASERS = 4
# More text that is neither prose nor a link is a table, a poem or a list of results.
MOST_LOOSE = 300
LEAST_POSTS = 3
# A headline of the page's own; without spaces between words its weight must do.
WORDS_OF_STORY = 3
WEIGHT_OF_STORY = 14
# How far below its headline an article begins.
LINES_BEFORE_BODY = 15
MOST_OWN_HEADLINES = 20
# A page that checks for robots has no menu.
MOST_CHALLENGE_LINKS = 10

TITLE_PARTS_RE = re.compile(r"\s+(?:[|·•–—»«/-]|::)\s+")
SCHEMA_TYPE_RE = re.compile(r'"@type"\s*:\s*(?:\[([^\]]{0,200})\]|"([^"]{1,80})")')
SCHEMA_NAME_RE = re.compile(r"\w+")
FREE_RE = re.compile(r'"isAccessibleForFree"\s*:\s*"?(true|false)', re.IGNORECASE)
PUBLISHED_RE = re.compile(r'"datePublished"\s*:\s*"?\d')
ARTICLE_TYPE_RE = re.compile(r"(?:\w*Article|\w*BlogPosting|Report|LiveBlogPosting|Recipe|Review|ReviewNewsArticle)")
INDEX_TYPES = frozenset({"CollectionPage", "SearchResultsPage", "ProfilePage"})
PUBLISHED_NAMES = frozenset({"article:published_time", "datepublished", "pubdate", "publishdate", "dc.date.issued"})
# Classes of the body element, as WordPress and others that follow it give them.
INDEX_CLASSES = frozenset({
    "home", "blog", "archive", "category", "tag", "author", "search", "search-results", "search-no-results",
    "post-type-archive", "front-page", "homepage", "page-home", "section-front", "tag-page", "section-page", "front",
})  # fmt: skip
ARTICLE_CLASS_RE = re.compile(r"single(?:-.*)?|postid-\d+|(?:page-)?node-(?:-type-|type-)?(?:article|story|news)")
ERROR_CLASSES = frozenset({"error404", "error-404", "page-404", "page-not-found"})

LINKS = etree.XPath(".//a[string-length(normalize-space(.)) > 11]")
CHALLENGE = etree.XPath(
    "boolean(.//*[@id='px-captcha' or @id='challenge-form' or @id='challenge-running' or @id='cf-wrapper' or"
    " @id='sec-if-cpt-container' or @class='cf-browser-verification']"
    " | .//script[contains(., '_cf_chl_opt') or contains(@src, '_Incapsula_Resource')"
    " or contains(@src, 'captcha-delivery.com') or contains(., 'captcha-delivery.com')]"
    " | .//iframe[contains(@src, '_Incapsula_Resource') or contains(@src, 'captcha-delivery.com')])"
)
HEADS = ("title", "meta", "link", "h1", "body", "input", "script", "h2", "h3", "h4")


@dataclass(frozen=True, slots=True)
class PageSigns:
    """What a page says of its own kind, and the text of its links that are long enough for a headline."""

    og_type: str = ""
    schema_types: tuple[str, ...] = ()
    is_free: bool | None = None
    is_dated: bool = False
    is_root: bool = False
    has_password: bool = False
    has_challenge: bool = False
    classes: frozenset[str] = frozenset()
    titles: tuple[str, ...] = ()
    linked: frozenset[str] = frozenset()

    @property
    def states_article(self) -> bool:
        """The page states that it is one article: by its schema, a date, or the class of its template."""
        n_articles = sum(1 for name in self.schema_types if ARTICLE_TYPE_RE.fullmatch(name))
        is_single = any(ARTICLE_CLASS_RE.fullmatch(name) for name in self.classes)
        return is_single or (not INDEX_TYPES & set(self.schema_types) and (n_articles == 1 or self.is_dated))

    @property
    def states_index(self) -> str:
        """What states that the page is a list of articles; empty where nothing does."""
        if any(ARTICLE_CLASS_RE.fullmatch(name) for name in self.classes):
            return ""
        stated = sorted(INDEX_TYPES & set(self.schema_types)) or sorted(INDEX_CLASSES & self.classes)
        return stated[0] if stated else "address of the site's root" if self.is_root else ""


@dataclass(slots=True)
class _Gathered:
    """What one walk through the page has found so far."""

    og_type: str = ""
    address: str = ""
    is_dated: bool = False
    has_password: bool = False
    classes: frozenset[str] = frozenset()
    titles: list[str] = field(default_factory=list)
    first_headings: list[str] = field(default_factory=list)
    headings: list[HtmlElement] = field(default_factory=list)
    schema: list[str] = field(default_factory=list)


def read_page_signs(tree: HtmlElement) -> PageSigns:
    """Read what a page says of its own kind. Reads scripts: to be called before they are taken out.

    The links of a page that states that it is an article are not read: they take half of the time, and a list of
    articles it can't be.
    """
    found = _Gathered()
    for element in tree.iter(*HEADS):
        _gather(element, found)
    signs = _state(found)
    if signs.states_article:
        return signs
    links = LINKS(tree)[:MOST_LINKS]
    return replace(
        signs,
        has_challenge=len(links) < MOST_CHALLENGE_LINKS and bool(CHALLENGE(tree)),
        linked=frozenset(_read_linked(links, found.headings[:MOST_LINKS])),
    )


def _state(found: _Gathered) -> PageSigns:
    """Put together what the page states."""
    schema = "\n".join(found.schema)
    types = tuple(name for pair in SCHEMA_TYPE_RE.findall(schema) for name in SCHEMA_NAME_RE.findall("".join(pair)))
    free = {word.lower() for word in FREE_RE.findall(schema)}
    return PageSigns(
        og_type=found.og_type,
        schema_types=types[:200],
        is_free=None if len(free) != 1 else "true" in free,
        is_dated=found.is_dated or len(PUBLISHED_RE.findall(schema)) == 1,
        is_root=_is_root(found.address),
        has_password=found.has_password,
        classes=found.classes,
        titles=(*found.titles[:1], *found.first_headings[:MOST_TITLES]),
    )


def _gather(element: HtmlElement, found: _Gathered) -> None:
    tag = element.tag
    if tag in {"h2", "h3", "h4"}:
        found.headings.append(element)
    elif tag == "meta":
        _gather_meta(element, found)
    elif tag == "link" and (element.get("rel") or "").lower() == "canonical":
        found.address = element.get("href") or found.address
    elif tag == "script" and "ld+json" in (element.get("type") or "").lower():
        found.schema.append(element.text or "")
    elif tag == "input" and (element.get("type") or "").lower() == "password":
        found.has_password = True
    elif tag == "body":
        found.classes = frozenset((element.get("class") or "").lower().split()[:100])
    elif tag == "title" and not found.titles:
        # A drawing (SVG) has a title, too; that of the page comes first.
        found.titles.append(_text_of(element)[:LONGEST_RULED_LINE])
    elif tag == "h1" and len(found.first_headings) < MOST_TITLES:
        found.first_headings.append(_text_of(element)[:LONGEST_RULED_LINE])


def _gather_meta(element: HtmlElement, found: _Gathered) -> None:
    name = (element.get("property") or element.get("name") or element.get("itemprop") or "").lower()
    content = (element.get("content") or "").strip()
    if name == "og:type":
        found.og_type = content.lower()
    elif name == "og:url":
        found.address = found.address or content
    elif name in PUBLISHED_NAMES and content:
        found.is_dated = True


def _is_root(address: str) -> bool:
    """Say whether an address is that of a site's front page."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return False
    return bool(parts.netloc) and parts.path in {"", "/"} and not parts.query


def _text_of(element: HtmlElement) -> str:
    return fold_space("".join(element.itertext()))


def _read_linked(links: Iterable[HtmlElement], headings: Iterable[HtmlElement]) -> Iterator[str]:
    """Yield the texts that stand in links as a whole, also piece by piece, and headings that hold a link."""
    for link in links:
        pieces = list(link.itertext())
        whole = fold_space("".join(pieces))
        if weigh(whole) < SHORTEST_HEADLINE:
            continue
        yield whole
        if len(pieces) > 1:
            yield from filter(None, map(fold_space, pieces))
    for heading in headings:
        link = heading.find(".//a")
        if link is not None and 2 * len(_text_of(link)) >= len(text := _text_of(heading)):
            yield text


def weigh(text: str) -> int:
    """Return the length of a text, with characters of the East Asian scripts counted twice."""
    return len(text) if text.isascii() else len(text) + len(WIDE_RE.findall(text))


def fold_line(line: str) -> str:
    """Fold a line for the rules: white space, case, apostrophes, and punctuation at its edges.

    >>> fold_line("  Sorry,  this page can’t be found! ")
    "sorry, this page can't be found"
    """
    return fold_space(line).lower().replace("’", "'").strip(EDGES)


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule says of a line, which is `text` when it is folded."""

    reason: DropReason
    rule: str
    text: str


def match_line(line: str) -> Match | None:
    """Return what the rules say of a line as a whole.

    >>> match_line("Seite nicht gefunden").reason.value
    'ERROR_PAGE'
    """
    folded = fold_line(line[: LONGEST_RULED_LINE + 1])
    if not folded or len(folded) > LONGEST_RULED_LINE:
        return None
    rows = read_alternation(RULES)
    match = rows.pattern.fullmatch(folded)
    if match is None:
        return None
    rule = rows.rule_of(match)
    return Match(DropReason(rule.meaning), rule.id, folded)


def match_title(title: str) -> Match | None:
    """Return what the rules say of a title, of which one part may be the site's name.

    >>> match_title("404 – Page not found | Example Times").reason.value
    'ERROR_PAGE'
    >>> match_title("404: a love story | Film | Example Times") is None
    True
    """
    parts = [part for part in TITLE_PARTS_RE.split(fold_space(title[:LONGEST_RULED_LINE])) if part.strip(EDGES)]
    matches = [match for part in parts if (match := match_line(part))]
    return matches[0] if matches and len(matches) >= len(parts) - 1 else match_line(title)


@dataclass(frozen=True, slots=True)
class Run:
    """Paragraphs of prose that nothing parts: how much, how many, from which line to which."""

    weight: int
    n_paragraphs: int
    first: int
    last: int

    @property
    def is_teaser(self) -> bool:
        """So little that it may be the teaser of an article, or stand beside an error or a form."""
        is_short = self.n_paragraphs <= MOST_TEASER_PARAGRAPHS or self.weight <= PROSE_BESIDE_BOTH
        return is_short and self.weight <= LONGEST_TEASER


Runs: TypeAlias = tuple[Run, ...]
NO_RUN = Run(0, 0, -1, -1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of a page when it is judged."""

    signs: PageSigns
    titles: tuple[Match, ...]
    matches: dict[int, Match]
    runs: Runs
    n_headlines: int
    n_lines: int
    is_headed: bool
    consent_share: float
    loose_weight: int

    @property
    def longest(self) -> Run:
        """The longest run of prose."""
        return max(self.runs, key=lambda run: run.weight, default=NO_RUN)

    def titled(self, reason: DropReason) -> Match | None:
        """Return the match of a title for `reason`."""
        return next((match for match in self.titles if match.reason is reason), None)

    def worded(self, reason: DropReason) -> list[int]:
        """Return the positions of lines that a rule for `reason` knows."""
        return [at for at, match in self.matches.items() if match.reason is reason]

    def n_wordings(self, reason: DropReason) -> int:
        """Return how many different wordings for `reason` stand in titles and lines."""
        return len({match.text for match in (*self.titles, *self.matches.values()) if match.reason is reason})

    def describe(self, reason: DropReason, stated: str = "") -> Dropped:
        """Say what was seen, with figures."""
        run = self.longest
        rules = sorted({match.rule for match in (*self.titles, *self.matches.values()) if match.reason is reason})
        said = f"rules {', '.join(rules[:3])}" if rules else ""
        prose = f"at most {run.weight} characters of prose in {run.n_paragraphs} paragraphs on end"
        n_headlines = f"{self.n_headlines} headlines in links" if self.n_headlines else "no list of headlines"
        headlines = f"{n_headlines} on {self.n_lines} lines"
        return Dropped(reason, "; ".join(part for part in (said, stated, prose, headlines) if part))


def judge_page_kind(signs: PageSigns, title: str | None, body: Sequence[str], lines: Sequence[str]) -> Dropped | None:
    """Say why a page is no article; None where it may be one.

    `body` are the paragraphs taken for the article, `lines` all lines a reader sees, both in order.
    """
    prose = {text for text in body if is_prose(text)}
    lines = lines or body
    run = max(_find_runs(lines, prose, signs.linked, {}), key=lambda run: run.weight, default=NO_RUN)
    if not (run.is_teaser or signs.states_index or _opens_with_consent(body)):
        return None
    evidence = _weigh_evidence(signs, title, body, lines)
    return next((dropped for judge in JUDGES if (dropped := judge(evidence))), None)


def judge_text_kind(lines: Sequence[str]) -> Dropped | None:
    """Say why stripped text is no article; None where it may be one. `lines` are those that are not blank.

    Links are lost in it, so a list of articles is only known by its title: a first line of some words, since one or
    two are the beginning of a menu.
    """
    head = lines[0] if lines and names_story(lines[0]) else None
    return judge_page_kind(PageSigns(), head, [line for line in lines if is_prose(line)], lines)


def is_prose(text: str) -> bool:
    """Say whether a line is a sentence or a paragraph, and no heading or item of a menu."""
    shape = shape_of(0, text[:LONGEST_RULED_LINE])
    return not shape.is_short and shape.weight >= SHORTEST_PROSE


def _opens_with_consent(body: Sequence[str]) -> bool:
    found = (match_line(text) for text in islice(body, 3))
    return any(match is not None and match.reason is DropReason.CONSENT_WALL for match in found)


def _find_runs(
    lines: Sequence[str], prose: set[str], linked: frozenset[str], matches: dict[int, Match]
) -> Iterator[Run]:
    """Yield the runs of prose, parted by headlines in links; lines that a rule knows are no prose."""
    weight = n_paragraphs = 0
    first = last = -1
    for at, line in enumerate(lines):
        if line in linked and weight:
            yield Run(weight, n_paragraphs, first, last)
            weight = n_paragraphs = 0
        if line in prose and line not in linked and at not in matches:
            first, last = (at if not weight else first), at
            weight += weigh(line)
            n_paragraphs += 1
    if weight:
        yield Run(weight, n_paragraphs, first, last)


def _weigh_evidence(signs: PageSigns, title: str | None, body: Sequence[str], lines: Sequence[str]) -> Evidence:
    prose = {text for text in body if is_prose(text)}
    within = _find_telling_lines(signs, lines, prose)
    matches = {at: match for at in within if (match := match_line(lines[at]))}
    runs = tuple(_find_runs(lines, prose, signs.linked, matches))
    titles = dict.fromkeys((*signs.titles, title or ""))
    ruled = {lines[at] for at, match in matches.items() if match.reason is DropReason.CONSENT_WALL}
    read = body or lines
    total = sum(weigh(text) for text in read)
    return Evidence(
        signs=signs,
        titles=tuple(match for text in titles if (match := match_title(text))),
        matches=matches,
        runs=runs,
        n_headlines=len({line for line in lines if _is_headline(line, signs.linked)}),
        n_lines=len(lines),
        is_headed=_starts_under_headline(lines, signs, title or "", runs),
        loose_weight=sum(weigh(text) for text in body if text not in prose and text not in signs.linked),
        consent_share=sum(weigh(text) for text in read if text in ruled) / total if total else 0.0,
    )


def _find_telling_lines(signs: PageSigns, lines: Sequence[str], prose: set[str]) -> range:
    """Return which lines are held against the rules: of an article with prose, those in and behind it, for a wall."""
    longest = max(_find_runs(lines, prose, signs.linked, {}), key=lambda run: run.weight, default=NO_RUN)
    if signs.states_article and longest.weight:
        return range(longest.first, min(longest.last + 1 + LINES_BEFORE_WALL, len(lines)))
    return range(min(len(lines), MOST_RULED_LINES))


def names_story(heading: str) -> bool:
    """Say whether a heading has enough words for a story; those of sections mostly have one or two.

    >>> names_story("Fire in Celle"), names_story("Home News")
    (True, False)
    """
    return heading.count(" ") >= WORDS_OF_STORY - 1 or weigh(heading) >= WEIGHT_OF_STORY


def _starts_under_headline(lines: Sequence[str], signs: PageSigns, title: str, runs: Runs) -> bool:
    """Say whether prose follows a headline of the page itself: at once, or anywhere if two titles agree on it.

    Between a headline and its story real pages have share bars, videos and lists of related stories. That headline may
    be a link elsewhere: lists of what is most read hold the article they stand beside.
    """
    parts = Counter(part for text in signs.titles for part in {text, *TITLE_PARTS_RE.split(text)})
    own = {part for part in (*parts, fold_space(title)) if names_story(part)}
    others = signs.linked - own
    starts = [at for at, line in enumerate(lines) if line in own][:MOST_OWN_HEADLINES]
    for at in starts:
        first = next((run.first for run in runs if run.first > at), at)
        part = lines[at + 1 : first]
        if first > at and len(part) < LINES_BEFORE_BODY and not any(_is_headline(line, others) for line in part):
            return True
        if first > at and parts[lines[at]] > 1 and len(runs) < LEAST_TEASERS and not match_line(lines[at]):
            return True
    return False


def _is_headline(line: str, linked: frozenset[str]) -> bool:
    return line in linked and weigh(line) >= SHORTEST_HEADLINE


def _is_article_after_all(evidence: Evidence) -> bool:
    """Say whether a page that words accuse states that it is an article and has prose."""
    return evidence.signs.states_article and evidence.longest.weight > 0


def _judge_worded(evidence: Evidence, reason: DropReason) -> Dropped | None:
    """Judge by wording: the more lines and titles say so, the more prose may stand beside them."""
    if not evidence.n_wordings(reason) or _is_article_after_all(evidence):
        return None
    if not evidence.titled(reason):
        # A single line may be the trace of a part of the page that failed, beside a short text or a table.
        is_trace = evidence.is_headed or evidence.loose_weight > MOST_LOOSE
        most = -1 if is_trace else PROSE_BESIDE_LINE
    else:
        most = PROSE_BESIDE_BOTH if evidence.n_wordings(reason) > 1 else PROSE_BESIDE_TITLE
    return evidence.describe(reason) if evidence.longest.weight <= most else None


def _judge_bot_check(evidence: Evidence) -> Dropped | None:
    """Judge a check for robots, which stands alone: what offers other articles has let its reader in."""
    if evidence.n_headlines >= LEAST_POSTS:
        return None
    if evidence.signs.has_challenge and evidence.longest.weight <= PROSE_BESIDE_BOTH:
        return evidence.describe(DropReason.BOT_CHECK, "the mark of a service that checks for robots")
    return _judge_worded(evidence, DropReason.BOT_CHECK)


def _judge_error(evidence: Evidence) -> Dropped | None:
    if evidence.signs.classes & ERROR_CLASSES and evidence.longest.weight <= PROSE_BESIDE_BOTH:
        return evidence.describe(DropReason.ERROR_PAGE, "the class of an error page")
    return _judge_worded(evidence, DropReason.ERROR_PAGE)


def _judge_login(evidence: Evidence) -> Dropped | None:
    """Judge a form to log in. Many articles have one in their menu: its title must say so, or little else be there."""
    has_title = evidence.titled(DropReason.LOGIN_PAGE) is not None
    has_form = evidence.signs.has_password or len(evidence.worded(DropReason.LOGIN_PAGE)) > 1
    fills_page = evidence.signs.has_password and evidence.n_lines <= MOST_LOGIN_LINES and has_form
    most = PROSE_BESIDE_BOTH if has_title and has_form else PROSE_BESIDE_LINE
    if not (has_title or fills_page) or not has_form or evidence.longest.weight > most:
        return None
    if _is_article_after_all(evidence) or (not has_title and not evidence.worded(DropReason.LOGIN_PAGE)):
        return None
    return evidence.describe(DropReason.LOGIN_PAGE, "a field for a password" if evidence.signs.has_password else "")


def _judge_consent(evidence: Evidence) -> Dropped | None:
    """Judge a request for consent: its wording fills the body, or half of it under a title that says so."""
    if not evidence.worded(DropReason.CONSENT_WALL):
        return None
    share = SHARE_UNDER_TITLE if evidence.titled(DropReason.CONSENT_WALL) else SHARE_OF_CONSENT
    fills_body = evidence.consent_share >= share and evidence.longest.weight <= PROSE_BESIDE_BOTH
    return evidence.describe(DropReason.CONSENT_WALL) if fills_body else None


def _judge_paywall(evidence: Evidence) -> Dropped | None:
    """Judge a teaser and the wall behind it. What the page states to be free for all to read is no teaser."""
    run = evidence.longest
    if not run.is_teaser or (evidence.signs.is_free and run.weight):
        return None
    closed = evidence.signs.is_free is False
    walls = [
        at for at in evidence.worded(DropReason.PAYWALL) if closed or not evidence.matches[at].rule.startswith(OFFERS)
    ]
    is_bare = not run.weight and evidence.loose_weight <= MOST_LOOSE
    if not any(is_bare or run.first < at <= run.last + LINES_BEFORE_WALL for at in walls):
        return None
    return evidence.describe(DropReason.PAYWALL, "the page states that it is not free" if closed else "")


def _judge_index(evidence: Evidence) -> Dropped | None:
    """Judge a list of articles, by what the page states and, where it states nothing, by its structure alone."""
    signs, longest = evidence.signs, evidence.longest.weight
    named = evidence.titled(DropReason.INDEX_PAGE) is not None
    stated = signs.states_index or ("its title" if named else "")
    if signs.states_article or (evidence.is_headed and not _has_only_teasers(evidence)):
        return None
    if stated and _lists_articles(evidence):
        return evidence.describe(DropReason.INDEX_PAGE, f"stated by {stated}")
    if signs.og_type.startswith("article") or longest > TEASER_PROSE or evidence.loose_weight > MOST_LOOSE:
        return None
    is_list = evidence.n_headlines >= MANY_HEADLINES
    has_teasers = evidence.n_headlines >= LEAST_HEADLINES and len(evidence.runs) >= LEAST_TEASERS
    is_empty = named and longest <= PROSE_BESIDE_LINE
    return evidence.describe(DropReason.INDEX_PAGE) if is_empty or is_list or has_teasers else None


def _has_only_teasers(evidence: Evidence) -> bool:
    """Say whether a page whose template is for lists has many headlines and nothing longer than a teaser."""
    is_template = bool(evidence.signs.states_index) and not evidence.signs.is_root
    return is_template and evidence.n_headlines >= MANY_HEADLINES and evidence.longest.weight <= TEASER_PROSE


def _lists_articles(evidence: Evidence) -> bool:
    """Say whether there are headlines in links with teasers or, one after the other, whole posts."""
    n_posts = sum(1 for run in evidence.runs if run.weight >= TEASER_PROSE)
    is_short = evidence.longest.weight <= SECTION_PROSE
    return evidence.n_headlines >= LEAST_POSTS and (is_short or n_posts >= LEAST_POSTS)


JUDGES = (_judge_bot_check, _judge_error, _judge_login, _judge_consent, _judge_paywall, _judge_index)
# Compiled with the module, once for all worker processes of the fork server and not in the first document.
read_alternation(RULES)
