"""What mojibake repair costs beside bare ftfy, in one run: clean text, text that ftfy can repair, and the rest.

Clean text is a paragraph in each of twelve languages; where the development data lie beside the checkout, also their
gold bodies and the clean sentences of their matrix, a document a language. Broken text
is the same paragraphs, misread with Python's codecs. Documents are given whole; `ftfy.fix_text` gets its defaults. CPU
time of this one process: both take turns over several rounds, and of each the median counts.

    python -m tests.bench.mojibake [ROUNDS]
"""

import gzip
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import ftfy

from tasks.mojibake.chooser import Choice, choose
from tasks.mojibake.repair import repair_text

ROOT = Path(__file__).parents[2]
BENCH = ROOT.parent / "shared" / "bench"
REPEATED = 8  # a paragraph is short; an article has a few of them
PARAGRAPHS = {
    "en": "“The bridge won’t open before May,” the mayor said – and the ferry, too, stays in the harbour until then.",
    "de": "Die Brücke wird frühestens im März geöffnet, erklärte die Bürgermeisterin; die Fähre fährt so lange weiter.",
    "fr": "Le pont ne sera pas rouvert avant le mois de février, a déclaré la mairie, après une réunion très animée.",
    "es": "El puente no se abrirá hasta después del otoño, según explicó la alcaldesa en una reunión con los vecinos.",
    "pl": "Most zostanie otwarty dopiero wiosną, powiedziała burmistrzyni, a prom będzie kursował do końca kwietnia.",
    "cs": "Most bude otevřen až na jaře, řekla starostka, a přívoz bude jezdit každý den včetně svátků a víkendů.",
    "hu": "A hidat csak tavasszal nyitják meg, mondta a polgármester, addig a komp közlekedik a két város között.",
    "tr": "Köprü ancak ilkbaharda açılacak, dedi belediye başkanı; vapur seferleri o güne kadar sürecek.",
    "ru": "Мост откроют только весной, сообщила мэр города, а паром будет ходить каждый день до конца апреля.",
    "el": "Η γέφυρα θα ανοίξει την άνοιξη, είπε η δήμαρχος, και το πλοίο θα ταξιδεύει κάθε μέρα ως τον Απρίλιο.",
    "ar": "لن يفتح الجسر قبل الربيع، كما قالت رئيسة البلدية، وستبقى العبارة تعمل كل يوم حتى نهاية أبريل.",
    "ja": "橋の開通は来年の春になると市長が述べた。それまでは毎日、渡し船が運航される予定である。",
}
# Pairs that ftfy tries, and pairs that only the chooser knows: what the text was written in, and what read as.
KNOWN_TO_FTFY = (("utf-8", "cp1252"), ("utf-8", "latin-1"), ("utf-8", "cp1250"), ("utf-8", "cp437"))
LEFT_TO_CHOOSER = (
    ("utf-8", "koi8-r"),
    ("utf-8", "cp850"),
    ("cp1251", "latin-1"),
    ("cp1250", "latin-1"),
    ("cp932", "latin-1"),
)


@dataclass
class Asked:
    """How many lines came to the chooser, and how long it took over them."""

    n_lines: int = 0
    seconds: float = 0.0


def clean_documents() -> Iterator[str]:
    """Give the clean documents, each whole."""
    for paragraph in PARAGRAPHS.values():
        yield "\n".join([paragraph] * REPEATED)
    if not BENCH.is_dir():
        return
    truth = json.loads((BENCH / "extract" / "ground-truth.json").read_text("utf-8"))
    yield from (page["articleBody"] for page in truth.values())
    by_lang: dict[str, set[str]] = defaultdict(set)
    with gzip.open(BENCH / "mojibake" / "matrix.dev.jsonl.gz", "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            by_lang[row["lang"]].add(row["clean"])
    yield from ("\n".join(sorted(sentences)) for sentences in by_lang.values())


def misread_documents(chains: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Give each paragraph, misread in each way that it can be."""
    for paragraph in PARAGRAPHS.values():
        for written_in, read_as in chains:
            try:
                yield "\n".join([paragraph.encode(written_in).decode(read_as)] * REPEATED)
            except UnicodeError:
                continue  # not every text can be written in every encoding


def cpu_s(work: Callable[[str], object], documents: Sequence[str]) -> float:
    """Return the CPU seconds that `work` takes over all documents."""
    start = time.process_time()
    for document in documents:
        work(document)
    return time.process_time() - start


def compare(name: str, documents: Sequence[str], rounds: int) -> None:
    """Print the speed of both, and how many times as fast as ftfy we are."""
    size = sum(len(document.encode("utf-8", "surrogatepass")) for document in documents) / 1e6
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(cpu_s(repair_text, documents))
        theirs.append(cpu_s(ftfy.fix_text, documents))
    our_s, their_s = statistics.median(ours), statistics.median(theirs)
    print(
        f"{name:28} {len(documents):4} documents {size:6.2f} MB: unspun {size / our_s:6.2f} MB/s, "
        f"ftfy {size / their_s:5.2f} MB/s, {their_s / our_s:5.2f} x its speed ({our_s / their_s:.2f} x its CPU)"
    )


def watch_chooser(documents: Sequence[str]) -> Asked:
    """Return what the chooser was asked while `documents` were repaired."""
    asked = Asked()

    def choose_and_count(lines: Sequence[str]) -> Choice | None:
        start = time.process_time()
        choice = choose(lines)
        asked.n_lines += len(lines)
        asked.seconds += time.process_time() - start
        return choice

    with patch("tasks.mojibake.repair.choose", choose_and_count):
        for document in documents:
            repair_text(document)
    return asked


def main(rounds: int) -> None:
    """Measure and print."""
    clean = list(clean_documents())
    broken = {
        "known to ftfy": list(misread_documents(KNOWN_TO_FTFY)),
        "for the chooser": list(misread_documents(LEFT_TO_CHOOSER)),
    }
    repair_text("ïðèâåò, ìèð")  # so that reading the model is not counted: once a process, and printed below
    compare("clean", clean, rounds)
    for name, documents in broken.items():
        compare(f"broken, {name}", documents, rounds)
    for name, documents in {"clean": clean, **broken}.items():
        asked = watch_chooser(documents)
        n_lines = sum(document.count("\n") + 1 for document in documents)
        cost = asked.seconds / asked.n_lines * 1000 if asked.n_lines else 0.0
        print(
            f"chooser, {name:20} {asked.n_lines:5} of {n_lines:5} lines, {asked.seconds:6.2f} s, {cost:.1f} ms a line"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
