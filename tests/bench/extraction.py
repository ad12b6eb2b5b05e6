"""What main content costs and how good it is, beside the engines it is built on and a peer, in one run.

Each engine gets the bytes of the same pages and gives text; unspun also gives metadata, language, and every other line
with a label. Pages are the development pages beside the checkout, with the F1 of each engine on their gold texts, or
where they are absent the pages of `data/sample`, without. CPU time of this one process, on one core: the engines take
turns over several rounds, and of each the median counts, so that a busy machine slows all of them alike.

    python -m tests.bench.extraction [ROUNDS]
"""

import gzip
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import lxml.html
import trafilatura
from readability import Document
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from tasks.boilerplate.main_content import extract_article
from tasks.boilerplate.page_blocks import NO_WORD_RE
from tasks.outcome import Kept

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "bench" / "extract"
SAMPLE = ROOT / "data" / "sample"
SHINGLE_WORDS = 4
REPEATED = 10  # the sample's few pages, so that a round takes long enough to measure


@dataclass(frozen=True)
class GoldPage:
    """A page with the text of its article; without one where nobody wrote it down."""

    html: bytes
    url: str | None
    text: str | None


def read_pages() -> list[GoldPage]:
    """Return the development pages, or where they are absent those of the sample."""
    if not SHARED.is_dir():
        return [GoldPage(path.read_bytes(), None, None) for path in sorted(SAMPLE.glob("*.html"))] * REPEATED
    truth = json.loads((SHARED / "ground-truth.json").read_text("utf-8"))
    return [
        GoldPage(gzip.decompress((SHARED / "html" / f"{key}.html.gz").read_bytes()), page["url"], page["articleBody"])
        for key, page in truth.items()
    ]


def ask_unspun(page: GoldPage) -> str:
    """Return the text of the article; empty where the page gave none."""
    outcome = extract_article(page.html, page.url)
    return outcome.value.text if isinstance(outcome, Kept) else ""


def ask_trafilatura(page: GoldPage) -> str:
    """Return what trafilatura's defaults give."""
    return trafilatura.extract(page.html, url=page.url, include_comments=False) or ""


def ask_trafilatura_for_precision(page: GoldPage) -> str:
    """Return what trafilatura's precision setting gives."""
    return trafilatura.extract(page.html, url=page.url, include_comments=False, favor_precision=True) or ""


def decode(html: bytes) -> str:
    """Return the text of a page as resiliparse's own detector reads it, for engines that take no bytes."""
    return str(bytes_to_str(html, detect_encoding(html) or "utf-8"))


def ask_resiliparse(page: GoldPage) -> str:
    """Return what resiliparse gives."""
    return str(extract_plain_text(decode(page.html), main_content=True))


def ask_readability(page: GoldPage) -> str:
    """Return what readability-lxml gives."""
    return str(lxml.html.fromstring(Document(decode(page.html)).summary()).text_content())


ENGINES: dict[str, Callable[[GoldPage], str]] = {
    "trafilatura": ask_trafilatura,
    "trafilatura, precision": ask_trafilatura_for_precision,
    "resiliparse": ask_resiliparse,
    "readability-lxml": ask_readability,
    "unspun": ask_unspun,
}


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Return the runs of four words of a text, as article-extraction-benchmark counts them."""
    words = [word for word in NO_WORD_RE.split(text) if word]
    return Counter(tuple(words[at : at + SHINGLE_WORDS]) for at in range(max(1, len(words) - SHINGLE_WORDS + 1)))


def score(pages: Sequence[GoldPage], texts: Sequence[str]) -> str:
    """Return F1, precision and recall, the latter two as means over pages."""
    precisions, recalls = [], []
    for page, text in zip(pages, texts, strict=True):
        if page.text is None:
            return ""
        gold, found = shingles(page.text), shingles(text)
        both = (gold & found).total()
        precisions += [both / found.total()] if text else []
        recalls.append(both / gold.total())
    precision, recall = statistics.mean(precisions), statistics.mean(recalls)
    return f"  F1 {2 * precision * recall / (precision + recall):.4f}  P {precision:.4f}  R {recall:.4f}"


def main(rounds: int = 5) -> None:
    """Print for each engine pages per second and core, CPU time as a ratio to trafilatura's, and quality."""
    pages = read_pages()
    seconds: dict[str, list[float]] = {name: [] for name in ENGINES}
    texts: dict[str, list[str]] = {}
    for number in range(rounds + 1):
        for name, ask in ENGINES.items():
            began = time.process_time()
            texts[name] = [ask(page) for page in pages]
            if number:  # the first round reads models and fills caches
                seconds[name].append(time.process_time() - began)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    print(f"{len(pages)} pages, median of {rounds} rounds")
    for name, median in medians.items():
        rate, ratio = len(pages) / median, median / medians["trafilatura"]
        print(f"{name:24}{rate:7.1f} pages/s per core{ratio:7.2f} x trafilatura{score(pages, texts[name])}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
