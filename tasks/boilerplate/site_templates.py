"""The lines that a site sets around each of its articles: author boxes, calls to subscribe, notices, standing heads.

Nothing in their wording tells them from text in all languages; that they stand on many pages does. But text repeats,
too, and losing it is much worse than keeping a template. So a line is a template only if all of this holds:

1. Many *contents* of one site have it. Pages that share half of their text are one content, under several addresses
   or brought up to date (`find_contents`). What many sites have is syndicated: sites are never compared.
2. It stands at an edge: at most one paragraph and few lines of the article's own are outside of it. A line in the
   middle must be a sentence that stands on a large share of the site's pages (an inset), or belong to one.
3. If it is a paragraph, it is not anchored in its pages: few of its long words are in the lines that only that page
   has. The background that a paper repeats word for word in each report on a story speaks of the story; an author
   box does not.
4. Where it is taken out, it is not a heading above text of the article: what is no whole sentence and stands right
   on a line that stays, stays as well. So do "Background", the questions of an interview, and "Ingredients".
5. All of them are no more than `LARGEST_SHARE` of the article. If they are, something was misread, and all stay.

The thresholds were swept on the made-up sites of `tests/boilerplate/synthetic_sites.py`, 60 sites in four scripts: no
line of text is taken, and nine in ten lines of templates are. Taking two paragraphs of the article's own between
template and edge costs one point of precision and gains nothing; the shares can be halved or doubled without effect,
but for that of insets. bench/lines has no site of more than two pages and can't tell anything here.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations, groupby
from statistics import mean

from tasks.boilerplate.article import score_boilerplate
from tasks.boilerplate.line_shape import Line, shape_of
from tasks.boilerplate.records import Article, Removed
from tasks.boilerplate.site_pages import SitePage

LABEL, RULE = "site-boilerplate", "structure/site-template"
# Pages that share this much of the text of the smaller one are one content.
SAME_CONTENT = 0.5
# Fewer contents, of the site or with the line, tell nothing.
FEWEST_CONTENTS = 5
# A short line says little by itself; "Analysis" is on many pages, too.
FRAGMENT_SHARE = 0.2
SENTENCE_SHARE = 0.1
INSET_CONTENTS = 8
INSET_SHARE = 0.4
# Of the contents with the line, so many have it in its place.
IN_PLACE = 0.9
# Lines of the article's own between a template and the edge of the text.
OWN_PARAGRAPHS = 1
OWN_LINES = 4
LARGEST_SHARE = 0.5
ANNOUNCING = ("?", "？", "؟", ":", "：")
# On the 80 pages of bench/lines 4 % of the body paragraphs are anchored less than this in the rest of the body, and
# 63 % of the other paragraphs (author boxes, notices, but also teasers and captions).
ANCHORED = 0.2
# Long words carry the subject, and their first letters stay the same when they are inflected. Scripts without blanks
# between words have pairs of letters, or four in South-East Asia, for words.
LONG_WORD_RE = re.compile(r"[^\W\d_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7ff]{5,}")
STEM_LETTERS = 6
UNSPACED_RE = re.compile(
    r"(?=([\u3400-\u9fff]{2}|[\u30a1-\u30fa]{2}|[\uac00-\ud7a3]{2}|[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff]{4}))"
)
# The share of fewer words says nothing.
FEWEST_WORDS = 4


@dataclass(frozen=True, slots=True)
class SiteLine:
    """A template line: on how many contents of the site it stands. An inset may stand in the middle of an article."""

    contents: int
    of_contents: int
    is_inset: bool

    @property
    def confidence(self) -> float:
        """0.7 to 0.95: it grows with the number of contents and with their share."""
        return round(0.7 + 0.15 * min(1.0, self.contents / 20) + 0.1 * self.contents / self.of_contents, 2)


@dataclass(frozen=True)
class SiteText:
    """The pages of one site, each line measured once."""

    pages: tuple[tuple[Line, ...], ...]

    @cached_property
    def stems(self) -> dict[str, frozenset[str]]:
        """The stems of each line, by its text."""
        return {text: find_stems(text) for text in {line.text for page in self.pages for line in page}}

    @cached_property
    def contents(self) -> list[int]:
        """The content of each page: the number of the first page that has the same."""
        return find_contents(self.pages, self.stems)

    @cached_property
    def counts(self) -> Counter[str]:
        """The number of contents that have a line, by its text."""
        pages = zip(self.contents, self.pages, strict=True)
        return Counter(text for _, text in {(content, line.text) for content, page in pages for line in page})

    def measure_anchoring(self, text: str, stems: set[str]) -> float:
        """Return the share of a line's stems that are among `stems`; 1 where it has too few to tell."""
        own = self.stems[text]
        return len(own & stems) / len(own) if len(own) >= FEWEST_WORDS else 1.0

    def own_stems_of(self, page: Sequence[Line]) -> set[str]:
        """Return the stems of the lines that no other content has."""
        return set().union(*(self.stems[line.text] for line in page if self.counts[line.text] == 1))


def find_stems(text: str) -> frozenset[str]:
    """Return the long words of a line, cut to their stems, or what stands for words where they are not parted.

    >>> sorted(find_stems("The bridges of Ahlden, and the bridge"))
    ['ahlden', 'bridge']
    """
    words = {word[:STEM_LETTERS] for word in LONG_WORD_RE.findall(text.casefold())}
    return frozenset(words if text.isascii() else words.union(UNSPACED_RE.findall(text)))


def find_contents(pages: Sequence[Sequence[Line]], stems: Mapping[str, frozenset[str]]) -> list[int]:
    """Return for each page the number of the first page with the same content, often its own.

    Two pages are the same if they share half of the paragraphs of the smaller one, and what they share speaks of what
    the rest speaks of. Otherwise two notices of two sentences above the same long notice of the site were the same.
    """
    bulks = [_bulk_of(page) for page in pages]
    sizes = [sum(bulk.values()) for bulk in bulks]
    same: dict[int, list[int]] = defaultdict(list)
    for (one, other), weight in sorted(_weigh_shared(bulks).items()):
        if weight >= SAME_CONTENT * min(sizes[one], sizes[other]) and _is_one_subject(bulks[one], bulks[other], stems):
            same[other].append(one)
    contents: list[int] = []
    for at in range(len(pages)):
        contents.append(next((one for one in same[at] if contents[one] == one), at))
    return contents


def _bulk_of(page: Sequence[Line]) -> dict[str, int]:
    """Return the weights of the paragraphs of a page by their text, or where it has none, of its lines."""
    paragraphs = {line.text: line.weight for line in page if line.is_paragraph}
    return paragraphs or {line.text: line.weight for line in page}


def _weigh_shared(bulks: Sequence[Mapping[str, int]]) -> Counter[tuple[int, int]]:
    holders: dict[str, list[int]] = defaultdict(list)
    for at, bulk in enumerate(bulks):
        for text in bulk:
            holders[text].append(at)
    shared: Counter[tuple[int, int]] = Counter()
    for text, group in holders.items():
        for one, other in combinations(group, 2):
            shared[one, other] += bulks[one][text]
    return shared


def _is_one_subject(one: Mapping[str, int], other: Mapping[str, int], stems: Mapping[str, frozenset[str]]) -> bool:
    """Say whether what two pages share speaks of what the rest speaks of, or one of them has nothing else."""
    if one.keys() <= other.keys() or other.keys() <= one.keys():
        return True
    shared = frozenset[str]().union(*(stems[text] for text in one.keys() & other.keys()))
    rest = frozenset[str]().union(*(stems[text] for text in one.keys() ^ other.keys()))
    fewer = min(len(shared), len(rest))
    return fewer < FEWEST_WORDS or len(shared & rest) >= ANCHORED * fewer


@dataclass(slots=True)
class Occurrences:
    """What is known of one line of a site: the contents it stands in, and those where it is not in a place."""

    line: Line
    contents: set[int] = field(default_factory=set)
    inside: set[int] = field(default_factory=set)  # not at an edge
    alone: set[int] = field(default_factory=set)  # not beside an inset
    anchoring: list[float] = field(default_factory=list)

    def is_seldom(self, contents: set[int]) -> bool:
        """Say whether few contents with this line are among `contents`."""
        return len(contents) <= (1 - IN_PLACE) * len(self.contents)


def find_site_lines(pages: Iterable[SitePage]) -> dict[str, dict[str, SiteLine]]:
    """Return for each site that has any its template lines, by their text with white space folded."""
    ordered = sorted(pages, key=lambda page: page.site)
    sites = ((site, _find_templates(_read(group))) for site, group in groupby(ordered, key=lambda page: page.site))
    return {site: templates for site, templates in sites if templates}


def _read(pages: Iterable[SitePage]) -> SiteText:
    shapes: dict[str, Line] = {}
    return SiteText(tuple(tuple(_shape(text, shapes) for text in page.lines) for page in pages))


def _shape(text: str, shapes: dict[str, Line]) -> Line:
    if text not in shapes:
        shapes[text] = shape_of(0, text)
    return shapes[text]


def _find_templates(site: SiteText) -> dict[str, SiteLine]:
    total = len(set(site.contents))
    found: dict[str, SiteLine] = {}
    while total >= FEWEST_CONTENTS:
        # What stands inside of a template found in the last round is now at the edge itself.
        occurrences = _list_occurrences(site, found)
        more = {text: template for text, seen in occurrences.items() if (template := _judge(seen, total))}
        if found.keys() >= more.keys():
            break
        found = more | found
    return {text: found[text] for text in sorted(found)}


def _list_occurrences(site: SiteText, found: Mapping[str, SiteLine]) -> dict[str, Occurrences]:
    """Return where each line stands that enough contents have."""
    occurrences: dict[str, Occurrences] = {}
    for content, page in zip(site.contents, site.pages, strict=True):
        at_edge = find_edges(page, [line.text in found for line in page])
        insets = [line.text in found and found[line.text].is_inset for line in page]
        own_stems = site.own_stems_of(page)
        for at, line in enumerate(page):
            if site.counts[line.text] < FEWEST_CONTENTS:
                continue
            seen = occurrences.setdefault(line.text, Occurrences(line))
            seen.contents.add(content)
            seen.anchoring.append(site.measure_anchoring(line.text, own_stems) if own_stems else 1.0)
            if not at_edge[at]:
                seen.inside.add(content)
            if not any(insets[max(at - 1, 0) : at + 2]):
                seen.alone.add(content)
    return occurrences


def _judge(seen: Occurrences, total: int) -> SiteLine | None:
    line, count = seen.line, len(seen.contents)
    share = count / total
    if line.is_paragraph and mean(seen.anchoring) >= ANCHORED:
        return None
    least_share = 0.0 if line.is_paragraph else SENTENCE_SHARE if line.is_sentence else FRAGMENT_SHARE
    if share < least_share:
        return None
    if seen.is_seldom(seen.inside):
        return SiteLine(count, total, is_inset=False)
    is_inset = is_whole_sentence(line) and count >= INSET_CONTENTS and share >= INSET_SHARE
    if is_inset or seen.is_seldom(seen.alone):
        return SiteLine(count, total, is_inset=True)
    return None


def is_whole_sentence(line: Line) -> bool:
    """Say whether a line can't be a heading: it is a sentence, is no question and announces nothing."""
    return not line.is_short and not line.text.endswith(ANNOUNCING)


def find_edges(lines: Sequence[Line], is_template: Sequence[bool]) -> list[bool]:
    """Say of each line whether it is at an edge: few lines of the article's own are above it, or few below it."""
    above = list(_count_own(lines, is_template))
    below = list(_count_own(lines[::-1], is_template[::-1]))[::-1]
    return [
        any(own <= OWN_LINES and paragraphs <= OWN_PARAGRAPHS for own, paragraphs in place)
        for place in zip(above, below, strict=True)
    ]


def _count_own(lines: Sequence[Line], is_template: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield for each line how many lines before it are no templates, and how many of them are paragraphs."""
    own = paragraphs = 0
    for line, template in zip(lines, is_template, strict=True):
        yield own, paragraphs
        own += not template
        paragraphs += line.is_paragraph and not template


def strip_site_lines(article: Article, site_lines: Mapping[str, SiteLine]) -> Article:
    """Take the template lines of its site out of an article; they go to `removed`, numbered on from what is there."""
    paragraphs = article.text.split("\n")
    lines = [shape_of(at, text) for at, text in enumerate(paragraphs)]
    taken = find_lines_to_strip(lines, site_lines)
    if not taken:
        return article
    text = "\n".join(text for at, text in enumerate(paragraphs) if at not in taken)
    last = max((line.line_no for line in article.removed), default=len(paragraphs))
    stripped = (
        Removed(number, paragraphs[at], LABEL, RULE, site_lines[lines[at].text].confidence)
        for number, at in enumerate(sorted(taken), start=last + 1)
    )
    removed = (*article.removed, *stripped)
    return replace(article, text=text, removed=removed, boilerplate_score=score_boilerplate(text, removed))


def find_lines_to_strip(lines: Sequence[Line], site_lines: Mapping[str, SiteLine]) -> frozenset[int]:
    """Return the positions of the template lines that stand where a template stands; none if they are too much."""
    templates = {at: site_lines[line.text] for at, line in enumerate(lines) if line.text and line.text in site_lines}
    at_edge = find_edges(lines, [at in templates for at in range(len(lines))])
    taken = {at for at, template in templates.items() if at_edge[at] or template.is_inset}
    for at in sorted(taken, reverse=True):
        if not is_whole_sentence(lines[at]) and at + 1 < len(lines) and at + 1 not in taken:
            taken.discard(at)  # it may be a heading
    if sum(lines[at].weight for at in taken) > LARGEST_SHARE * sum(line.weight for line in lines):
        return frozenset()
    return frozenset(taken)
