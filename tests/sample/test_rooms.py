"""The sample led through the rooms' own functions: each finds its work, and leaves alone what is sound.

What a room does not manage yet is a known gap with its reason. A gap that closes fails its test: take it off the list.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tasks.boilerplate.document import extract_document
from tasks.boilerplate.records import Article
from tasks.edits import apply, revert
from tasks.fetch.document import fetch_document
from tasks.fetch.records import FetchOptions, InputItem
from tasks.fetch.sources import list_inputs
from tasks.mojibake.document import mend_document
from tasks.outcome import Dropped, DropReason, Kept
from tasks.spinner.document import unspin_document
from tasks.spinner.records import UnspunDocument
from tasks.stories.records import RelationKind, Story
from tasks.stories.relations import relate
from tests.sample.make_special_files import BINARY, MISLABELLED, SAMPLE, WARC

ORIGINAL, REPOST, SPUN = "harbour-loan.html", "harbour-loan-repost.html", "harbour-loan-spun.html"
MUSEUM, GALLERY, GATES, FRENCH = "museum-map.txt", "lighthouse-keepers.txt", "flood-gates.txt", "marche-couvert.html"
JSONL = "kesk-mirror.jsonl"
N_INPUTS = 15


def gaps(names: Mapping[str, object], known: Mapping[str, str]) -> list[ParameterSet]:
    """Return a parameter for each name; one with a known gap is expected to fail."""
    return [
        pytest.param(name, marks=[pytest.mark.xfail(strict=True, reason=known[name])] if name in known else [])
        for name in names
    ]


@dataclass(frozen=True)
class Walk:
    """What became of each input of the sample, by file name (with `#n` for records)."""

    articles: dict[str, Article]
    documents: dict[str, UnspunDocument]
    dropped: dict[str, Dropped]

    def text(self, name: str) -> str:
        return self.documents[name].text

    def removed(self, name: str) -> dict[str, str]:
        return {line.text: line.label for line in self.articles[name].removed}


@pytest.fixture(scope="module")
def walk() -> Walk:
    walk = Walk({}, {}, {})
    for row in list_inputs([str(SAMPLE)]):
        assert isinstance(row.document, InputItem), row.reject
        _lead_through(row.document, walk)
    return walk


def _lead_through(item: InputItem, walk: Walk) -> None:
    name = Path(item.origin.input).name
    fetched = fetch_document(item, FetchOptions())
    extracted = fetched if isinstance(fetched, Dropped) else extract_document(fetched.value)
    if isinstance(extracted, Dropped):
        walk.dropped[name] = extracted
        return
    walk.articles[name] = extracted.value.article
    unspun: Kept[UnspunDocument] = unspin_document(mend_document(extracted.value).value)
    walk.documents[name] = unspun.value


def test_noise_is_the_only_reject(walk: Walk) -> None:
    assert len(walk.documents) == N_INPUTS - 1
    assert {name: one.reason for name, one in walk.dropped.items()} == {BINARY: DropReason.TYPE_BINARY}


@dataclass(frozen=True)
class Expected:
    """The article of a page: its metadata, and how its text begins and ends. No byline means that none is right."""

    title: str
    byline: str
    day: str
    first: str
    last: str


PAGES = {
    ORIGINAL: Expected(
        "Varland agrees $1.2 billion loan to rebuild Port Aldra harbour",
        "Jonna Reith",
        "2026-10-06",
        "The loan is the largest that Sorrenia has received",
        "I would have liked the help to come sooner.”",
    ),
    REPOST: Expected(
        "Varland agrees $1.2 billion loan to rebuild Port Aldra harbour",
        "",
        "2026-10-07",
        "Varland will lend Sorrenia",
        "according to the ministry of transport.",
    ),
    MISLABELLED: Expected(
        "Night trams return to Lindhaven after nine years – but only at weekends",
        "Séverin Holt",
        "2026-09-11",
        "The last night tram left Café Böhm",
        "If fewer than 400 people a night take the tram, it’ll stop again.",
    ),
    "mortgage-lending.html": Expected(
        "Mortgage lending in Lindhaven rises for a third month",
        "Edda Foss",
        "2026-09-18",
        "Banks in Lindhaven granted",
        "The central bank will publish the September figures on 15 October.",
    ),
    FRENCH: Expected(
        "Saint-Vérande\u00a0: le marché couvert rouvre après trois ans de travaux",
        "Lucie Marsant",
        "2026-05-30",
        "Les premiers clients attendaient",
        "Elle sera tirée, le premier jour seulement, par deux chevaux.",
    ),
    f"{WARC}#1": Expected(
        "Beekeepers on the Orre count a third of their honey",
        "Dario Venn",
        "2026-08-14",
        "The lime trees flowered",
        "two of them had to be left for a second trip.",
    ),
    f"{WARC}#2": Expected(
        "Library lends its ten-thousandth umbrella",
        "Maud Tierney",
        "2026-10-20",
        "The city library has lent",
        "to be paid only when the sun is shining.",
    ),
    f"{JSONL}#1": Expected(
        "Kesk school boat gets a stove",
        "Tove Hallin",
        "2026-10-15",
        "The thirty-one children",
        "It has also asked for the receipt.",
    ),
}


@pytest.mark.parametrize(
    "name",
    gaps(
        PAGES,
        {
            FRENCH: "fixed spaces of the title are made plain without an edit",
        },
    ),
)
def test_page_has_its_metadata(walk: Walk, name: str) -> None:
    article, expected = walk.documents[name].mended.article, PAGES[name]
    assert article.title == expected.title
    assert expected.byline in (article.byline or "")
    assert bool(article.byline) == bool(expected.byline)
    assert article.published_at is not None
    assert article.published_at.date().isoformat() == expected.day


@pytest.mark.parametrize(
    "name",
    gaps(
        PAGES,
        {
            REPOST: "the name of the house that closes a repost is taken for text",
            "mortgage-lending.html": "a box that offers a newsletter without that word is taken for text",
            FRENCH: "a box that offers a newsletter in French is taken for text",
        },
    ),
)
def test_page_becomes_its_text(walk: Walk, name: str) -> None:
    text = walk.text(name).removeprefix("PORT ALDRA (Northern Wire) – ")
    assert text.startswith(PAGES[name].first)
    assert text.endswith(PAGES[name].last)


STRIPPED = {
    GATES: ("Three gates on the river Orre", "half of it paid by the insurers."),
    GALLERY: ("The last lighthouse keepers", "in a tub in Kesk."),
    MUSEUM: ("The city museum of Lindhaven", "Visitors are asked to bring no coffee."),
    f"{JSONL}#2": ("The harbour of Port Aldra", "if all goes well."),
    f"{JSONL}#3": ("The Kesk chess club", "guests are welcome if they bring a chair."),
}


@pytest.mark.parametrize(
    "name",
    gaps(
        STRIPPED,
        {
            f"{JSONL}#2": "a byline without a name, and a house unknown to the list, are taken for text",
        },
    ),
)
def test_stripped_text_becomes_its_article(walk: Walk, name: str) -> None:
    first, last = STRIPPED[name]
    assert walk.text(name).removeprefix("KESK – ").startswith(first)
    assert walk.text(name).endswith(last)


FURNITURE = {
    ORIGINAL: ["Photograph: Petra Olin", "Subscribe", "cookies", "Tide Table", "Read more", "Most read"],
    REPOST: ["Share this", "my grandchildren", "Leave a Reply", "Follow Blog", "Like this", "Post navigation"],
    SPUN: ["Advertisement", "Related Articles", "Back to top", "Adblock", "minutes read"],
    MISLABELLED: ["Tweet", "Classified", "Log in to comment", "Also in Transport", "takes no responsibility"],
    "mortgage-lending.html": ["Image: Corrin", "I accept", "Sponsored", "Most popular", "Mint Lane"],
    FRENCH: ["Bastien Orvel", "Tout accepter", "À lire aussi", "Mentions légales"],
    GATES: ["Copyright", "Share this article", "You might also like", "barges freed", "Leave a Reply", "%s"],
    GALLERY: ["Image:", "The lens was ground in 1903", "6 images", "Advertisement"],
    MUSEUM: ["Divers bring up bell", "All rights reserved", "Sign up"],
    f"{JSONL}#2": ["Share on Facebook", "Tags:", "Print this page"],
    f"{JSONL}#3": ["Read more", "Leave a comment"],
}


@pytest.mark.parametrize("name", FURNITURE)
def test_furniture_is_gone(walk: Walk, name: str) -> None:
    assert [phrase for phrase in FURNITURE[name] if phrase in walk.text(name)] == []


@pytest.mark.parametrize("name", [ORIGINAL, REPOST, GATES, GALLERY, MUSEUM, f"{JSONL}#2"])
def test_removed_lines_are_written_down(walk: Walk, name: str) -> None:
    assert walk.removed(name)


def test_dateline_is_metadata(walk: Walk) -> None:
    assert [walk.documents[name].mended.article.dateline for name in (ORIGINAL, SPUN)] == [
        "PORT ALDRA (Northern Wire)"
    ] * 2


def test_credits_survive_outside_the_text(walk: Walk) -> None:
    gates = walk.articles[GATES]
    kept = "\n".join([*walk.removed(GATES), str(gates.byline), str(gates.agency), str(gates.publisher)])
    for credit in ("Northern Wire", "Lindhaven Evening Post", "Copyright Varland Press Service"):
        assert credit in kept
    assert "Image: Coastguard Archive/H. Voll" in walk.removed(GALLERY)


def test_mojibake_is_mended_where_it_is(walk: Walk) -> None:
    text = walk.text(MUSEUM)
    assert "“I was looking for something to put under the coffee,” said the museum’s curator, Zoë Lindqvist." in text
    assert "it’s signed on the back, and it shows a town called Müravik where today there’s only sand." in text
    for mended in ("sold for $4.2 million in June. The buyer", "calfskin", "“weather and budget permitting”"):
        assert mended in text
    assert not any(damage in text for damage in ("â€", "Ã", "\u200b", "June. ."))


def test_mislabelled_bytes_are_read_as_what_they_are(walk: Walk) -> None:
    for right in ("Café Böhm", "€2.80", "“We’d have liked all seven nights,”", "Chloë Dahl", "rails make a tight bend"):
        assert right in walk.text(MISLABELLED)
    assert walk.documents[MISLABELLED].mended.edits == ()


def test_clean_texts_are_left_alone(walk: Walk) -> None:
    changed = {name for name, one in walk.documents.items() if one.mended.edits or one.mended.field_edits or one.edits}
    assert changed == {MUSEUM, SPUN}


def test_french_is_known_as_french(walk: Walk) -> None:
    assert walk.documents[FRENCH].mended.article.lang == "fr"


def test_french_spaces_stay(walk: Walk) -> None:
    assert "«\u00a0On avait fini par ne plus y croire\u00a0»" in walk.text(FRENCH)
    assert "18\u202f%" in walk.text(FRENCH)


def test_spun_page_is_found_and_repaired(walk: Walk) -> None:
    spun = walk.documents[SPUN]
    assert spun.spin_family == "A"
    assert {name for name, one in walk.documents.items() if one.spin_family is not None} == {SPUN}
    for damage in ("mortgage", "economic system", "historical past", "additionally"):
        assert damage in spun.mended.text
        assert damage not in spun.text
    assert "loan" in str(spun.title)
    assert "Hedvall said on Tuesday during a visit to the" in spun.text


def count_differences(one: str, other: str) -> int:
    """Count the places at which the words of two texts differ."""
    words, others = (re.findall(r"[\w’]+", text) for text in (one, other))
    matcher = difflib.SequenceMatcher(None, words, others, autojunk=False)
    return sum(tag != "equal" for tag, *_ in matcher.get_opcodes())


def test_repair_brings_the_spun_page_nearer_to_its_original(walk: Walk) -> None:
    original, spun = walk.text(ORIGINAL), walk.documents[SPUN]
    before, after = count_differences(original, spun.mended.text), count_differences(original, spun.text)
    assert before > 70
    assert after < 0.7 * before


def test_repost_is_a_copy_and_of_nothing_else(walk: Walk) -> None:
    stories = {
        one.origin.article_id: Story(one.origin.article_id, one.mended.text, one.mended.article.published_at)
        for one in walk.documents.values()
    }
    names = {one.origin.article_id: name for name, one in walk.documents.items()}
    found = {
        frozenset({names[one.src], names[one.dst]}) for one in relate(stories.values()) if one.kind is RelationKind.COPY
    }
    assert found == {frozenset({ORIGINAL, REPOST})}


def test_edits_lead_from_extracted_to_final_and_back(walk: Walk) -> None:
    for one in walk.documents.values():
        assert apply(one.mended.article.text, one.mended.edits) == one.mended.text
        assert apply(one.mended.text, one.edits) == one.text
        assert revert(revert(one.text, one.edits), one.mended.edits) == one.mended.article.text
