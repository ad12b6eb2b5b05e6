"""What a line's neighbours say of it: galleries, captions, teasers, comment sections, link lists, menus, titles.

Each structure is a function from the measured lines and the verdicts so far to further verdicts, by position in the
list of lines. They run in the order of `STRUCTURES` and later ones see what earlier ones decided. What a structure
takes must be held together by something that prose is not: a credit after every paragraph, a duration under a
heading, a form below an invitation to comment. Where the text runs on as prose, it stays.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from tasks.boilerplate.bylines import read_bylines
from tasks.boilerplate.line_doubts import drop_doubts
from tasks.boilerplate.line_rules import Verdict, find_agency, find_house
from tasks.boilerplate.line_shape import URL_RE, Line

Verdicts = Mapping[int, Verdict]
Structure = Callable[[Sequence[Line], Verdicts], dict[int, Verdict]]

IMAGE_CREDIT_RULES = {"image-credit", "copyright-credit", "credit-slash", "courtesy"}
COUNTER_RULES = {"gallery-counter", "nav-pager"}
COMMENT_THREADS = {"comment-thread", "top-comments"}
COMMENT_OPENERS = {"comment-open-en", "comment-open-eu", "comment-open-world", "comment-closed", "comment-count"}
RELATED_HEADS = {
    "related-head-en",
    "related-head-eu",
    "related-head-world",
    "related-inline-en",
    "related-inline-eu",
}
CAPTION_HINT_RE = re.compile(
    r"\b(?:left|right|cent(?:er|re)|pictured|seen (?:here|in|at|on)|file (?:photo|image|picture)|poses?|"
    r"speaks? (?:during|at|to)|looks? on|from left|clockwise|above|below|archive photo|courtesy|handout|undated|"
    r"links|rechts|im bild|archivbild|à gauche|à droite|ici (?:en|à|le)|izquierda|derecha|esquerda|direita|"
    r"sinistra|destra|слева|справа)\b",
    re.IGNORECASE,
)

CLOCK_RE = re.compile(r"(\d{1,2}):([0-5]\d)")
# By chance three durations are full five minutes once in 125 times, and four rise once in 24 times.
ROUND_TIMES = 3
RISING_TIMES = 4
# A gallery has at least this many pictures; two credits in a row of paragraphs also happen in plain reports.
GALLERY_PICTURES = 3
# A text above a comment form is at least this long (weight); a "Comments" link in a page's head has no text above it.
TEXT_BEFORE_COMMENTS = 300
URL_SHARE = 0.3
LONGEST_BYLINE = 10  # words
STRUCTURE_CONFIDENCE = 0.85


def find_galleries(lines: Sequence[Line], verdicts: Verdicts) -> dict[int, Verdict]:
    """Label runs of heading, paragraph, image credit, three times or more, and everything inside such a run.

    The credits keep their own label. A run may be closed by a counter ("8 images1 | 8"); with one, two pictures
    without headings suffice.
    """
    credits_at = [at for at in range(len(lines)) if _has_rule(verdicts, at, IMAGE_CREDIT_RULES)]
    found: dict[int, Verdict] = {}
    run: list[int] = []
    for at in [*credits_at, len(lines) + 9]:
        if run and not (2 <= at - run[-1] <= 3 and all(n not in verdicts for n in range(run[-1] + 1, at))):  # noqa: PLR2004  (a heading, a paragraph, a credit)
            found.update(_gallery_of(run, lines, verdicts))
            run = []
        run.append(at)
    return found


def _gallery_of(run: Sequence[int], lines: Sequence[Line], verdicts: Verdicts) -> dict[int, Verdict]:
    closed = _has_rule(verdicts, run[-1] + 1, COUNTER_RULES)
    headed = sum(lines[at - 2].is_short and at - 2 not in verdicts for at in run if at >= 2)  # noqa: PLR2004
    if len(run) < GALLERY_PICTURES and not (closed and len(run) > 1):
        return {}
    if not closed and headed < len(run):
        return {}
    start = run[0] - 1
    if start > 0 and lines[start - 1].is_short and start - 1 not in verdicts:
        start -= 1
    confidence = 0.95 if closed else STRUCTURE_CONFIDENCE
    inset = Verdict("gallery-inset", "structure/gallery", confidence)
    return {at: inset for at in range(max(start, 0), run[-1]) if at not in verdicts}


def find_captions(lines: Sequence[Line], verdicts: Verdicts) -> dict[int, Verdict]:
    """Label captions: a line the next one repeats with a credit behind it, and a picture's words above its credit."""
    found: dict[int, Verdict] = {}
    for at, line in enumerate(lines):
        if at in verdicts:
            continue
        after = lines[at + 1].text if at + 1 < len(lines) else ""
        tail = after[len(line.text) :] if after.startswith(line.text) else ""
        if tail.strip() and len(tail) <= len(line.text) and len(tail.split()) <= 15:  # noqa: PLR2004  (a credit, not prose)
            found[at] = found[at + 1] = Verdict("caption", "structure/caption-repeated", 0.95)
        elif at and at - 1 in found and line.text == lines[at - 1].text:
            found[at] = found[at - 1]
        elif _has_rule(verdicts, at + 1, IMAGE_CREDIT_RULES) and CAPTION_HINT_RE.search(line.text):
            found[at] = Verdict("caption", "structure/caption-above-credit", STRUCTURE_CONFIDENCE)
    return found


def find_video_teasers(lines: Sequence[Line], verdicts: Verdicts) -> dict[int, Verdict]:
    """Label a heading that stands on the duration of a video; none where the durations are times of day."""
    timed = [at for at in range(len(lines)) if _has_rule(verdicts, at, {"duration"})]
    if not timed or is_timetable([lines[at].text for at in timed]):
        return {}
    teaser = Verdict("video-teaser", "structure/video-teaser", STRUCTURE_CONFIDENCE)
    above = (at - 1 for at in timed if at and at - 1 not in verdicts)
    return {at: teaser for at in above if lines[at].is_short and lines[at].is_headline}


def is_timetable(texts: Sequence[str]) -> bool:
    """Say whether "18:00", "18:30", ... are times of a programme (all full five minutes) or of a live report (rising).

    >>> is_timetable(["18:00", "20:15", "19:05"]), is_timetable(["09:12", "09:40", "11:01", "11:02"])
    (True, True)
    >>> is_timetable(["01:12", "00:40", "03:01"])
    False
    """
    times = [(int(match[1]), int(match[2])) for text in texts if (match := CLOCK_RE.fullmatch(text))]
    is_round = len(times) >= ROUND_TIMES and all(minute % 5 == 0 for _, minute in times)
    return is_round or (len(times) >= RISING_TIMES and times == sorted(times))


def find_comments(lines: Sequence[Line], verdicts: Verdicts) -> dict[int, Verdict]:
    """Label everything below the invitation to comment that has the article above it, down to the end.

    The head of a thread ("12 thoughts on …") is enough. "Join the conversation" also stands in the middle of articles,
    so other openers count only if a form follows or less than a third of the text is left.
    """
    left = total = sum(line.weight for at, line in enumerate(lines) if at not in verdicts)
    for at, line in enumerate(lines):
        if total - left >= TEXT_BEFORE_COMMENTS and (
            _has_rule(verdicts, at, COMMENT_THREADS)
            or (_has_rule(verdicts, at, COMMENT_OPENERS) and (left <= total / 3 or _form_follows(verdicts, at)))
        ):
            section = Verdict("comment-form", "structure/comment-section", STRUCTURE_CONFIDENCE)
            return {below: section for below in range(at + 1, len(lines)) if below not in verdicts}
        if at not in verdicts:
            left -= line.weight
    return {}


def _form_follows(verdicts: Verdicts, at: int) -> bool:
    return sum(_has_label(verdicts, below, {"comment-form"}) for below in range(at + 1, at + 5)) > 1


def find_link_lists(lines: Sequence[Line], verdicts: Verdicts) -> dict[int, Verdict]:
    """Label the headlines below "You might also like" and the like, up to the next paragraph or to the end.

    Between paragraphs the last headline of the list stays: it may be the subheading of the text that goes on.
    """
    found: dict[int, Verdict] = {}
    link = Verdict("related-link", "structure/link-list", STRUCTURE_CONFIDENCE)
    for head in range(len(lines)):
        if not _has_rule(verdicts, head, RELATED_HEADS) or ":" in lines[head].text[:-1]:
            continue
        end = head + 1
        while end < len(lines) and (end in verdicts or not lines[end].is_paragraph):
            end += 1
        items = [at for at in range(head + 1, end) if at not in verdicts]
        if end < len(lines) and items and items[-1] == end - 1 and not lines[items[-1]].text.endswith((".", "…")):
            items.pop()
        found.update(dict.fromkeys(items, link))
    return found


def find_proxy_menus(lines: Sequence[Line], verdicts: Verdicts) -> dict[int, Verdict]:
    """Label lines of link texts with their addresses written out, as proxies and text browsers leave them."""
    menu = Verdict("navigation", "structure/written-out-links", STRUCTURE_CONFIDENCE)
    return {
        at: menu
        for at, line in enumerate(lines)
        if at not in verdicts and "http" in line.text and _is_written_out(line.text)
    }


def _is_written_out(text: str) -> bool:
    links = URL_RE.findall(text)
    return len(links) > 1 and sum(map(len, links)) >= URL_SHARE * len(text)


def find_source_names(lines: Sequence[Line], verdicts: Verdicts) -> dict[int, Verdict]:
    """Label a line that is nothing but the name of an agency or broadcaster, above or below all paragraphs.

    Between paragraphs such a name may be a heading, or the source of one of several quotations.
    """
    paragraphs = [at for at, line in enumerate(lines) if line.is_paragraph and at not in verdicts]
    first, last = (paragraphs[0], paragraphs[-1]) if paragraphs else (len(lines), -1)
    source = Verdict("credit", "structure/source-name", STRUCTURE_CONFIDENCE)
    return {
        at: source
        for at, line in enumerate(lines)
        if at not in verdicts and not first <= at <= last and (find_agency(line.text) or find_house(line.text))
    }


def find_bare_bylines(lines: Sequence[Line], verdicts: Verdicts) -> dict[int, Verdict]:
    """Label "Jane Roe Associated Press": a person's name and an agency or house, above the first paragraph."""
    byline = Verdict("byline", "structure/bare-byline", STRUCTURE_CONFIDENCE)
    found = {}
    for at, line in enumerate(lines):
        if line.is_paragraph and at not in verdicts:
            break
        if at not in verdicts and line.is_short and _ends_in_source(line.text):
            found[at] = byline
    return found


def _ends_in_source(text: str) -> bool:
    words = text.split()
    return "(" not in text and any(
        (find_agency(" ".join(words[-n:])) or find_house(" ".join(words[-n:])))
        and read_bylines([" ".join(words[:-n])]).people
        for n in (1, 2, 3)
        if n < len(words) <= LONGEST_BYLINE
    )


STRUCTURES: tuple[Structure, ...] = (
    find_proxy_menus,
    find_galleries,
    find_captions,
    find_video_teasers,
    find_source_names,
    find_bare_bylines,
    find_comments,
    find_link_lists,
)


def judge_structures(lines: Sequence[Line], verdicts: dict[int, Verdict]) -> dict[int, Verdict]:
    """Return `verdicts` with what the structures add, and without those that nothing around the line supports."""
    return drop_doubts(lines, add_structures(lines, verdicts))


def add_structures(lines: Sequence[Line], verdicts: dict[int, Verdict]) -> dict[int, Verdict]:
    """Return `verdicts` with what the structures add; nothing already decided is overruled."""
    decided = dict(verdicts)
    for structure in STRUCTURES:
        decided = {**structure(lines, decided), **decided}
    return decided


def _has_rule(verdicts: Verdicts, at: int, rules: Iterable[str]) -> bool:
    return at in verdicts and verdicts[at].rule.partition("/")[2] in rules


def _has_label(verdicts: Verdicts, at: int, labels: Iterable[str]) -> bool:
    return at in verdicts and verdicts[at].label in labels
