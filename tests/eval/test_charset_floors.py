"""How many texts in the encodings of the web come out character for character. Floors, not goals.

Asked for are 100 % with the right label, 98 % without one, 96 % with a wrong one. The floors are the measured figures
less half a point; lowering one needs a reason in the commit. The digests say on which data the figures hold.

What is still misread, and why: Estonian in iso-8859-15 declared as windows-1252. The two letters that differ, š and ž,
are seldom, chardet finds both readings as likely, and where little speaks against a label it is believed.
"""

import gzip
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.fetch.charset_matrix import (
    SAMPLE_BYTES,
    TEXTS,
    Outcome,
    Sample,
    bare_sample,
    can_write,
    encode,
    outcomes,
    samples,
    write_in,
)

HELD_OUT = Path(__file__).parents[2] / ".." / "shared" / "bench" / "mojibake" / "matrix.dev.jsonl.gz"
DIGESTS = {"texts.jsonl": "2a44136644f550f4", "matrix.dev.jsonl.gz": "dfdf6646ce190c27"}

# Percent of readings that are right, for each kind of declaration. `sibling` is a label of the same languages.
FLOORS = {
    "right": 100.0,
    "undeclared": 99.5,
    "utf-8": 99.5,
    "western": 98.2,
    "other script": 99.5,
    "sibling": 98.2,
}
# The development data name some languages otherwise.
LANGUAGES = {"zh-Hant": "zh-hant", "zh-Hans": "zh-hans", "en-news": "en"}
NAMES = (
    "Sigurðsson Þórður Ærø Dvořák Wałęsa Čapek São Šarūnas Göran Núñez Ångström Çelik Ağaoğlu Ősze Ștefan Weiß "
    "Señorita Žižek Müller Đoković Ķēniņš Łódź Île Bjørn Gūža Tõnu Erdoğan İstanbul Håkan Crème Łukasz"
).split()


def check_digest(path: Path) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    assert digest == DIGESTS[path.name], f"{path.name} has changed: measure again"


def table_of(readings: Iterable[Outcome]) -> tuple[dict[str, float], str]:
    """Return the percentage for each kind of declaration, and the table by encoding with what was misread."""
    seen, right = Counter[str](), Counter[str]()
    by_encoding: dict[str, Counter[str]] = defaultdict(Counter)
    misread = Counter[str]()
    for reading in readings:
        seen[reading.kind] += 1
        right[reading.kind] += reading.is_right
        by_encoding[reading.sample.encoding][f"{reading.kind}: {'right' if reading.is_right else 'WRONG'}"] += 1
        if not reading.is_right:
            sample = reading.sample
            misread[f"{sample.language} {sample.encoding}, {reading.kind} {reading.label}: {reading.read_as}"] += 1
    lines = [f"{encoding:16} {dict(sorted(counts.items()))}" for encoding, counts in sorted(by_encoding.items())]
    lines += [f"{n} x {what}" for what, n in sorted(misread.items())]
    return {kind: 100 * right[kind] / seen[kind] for kind in seen}, "\n".join(lines)


def below_floors(figures: dict[str, float], floors: dict[str, float]) -> dict[str, float]:
    return {kind: round(figures.get(kind, 0.0), 2) for kind, floor in floors.items() if figures.get(kind, 0.0) < floor}


def test_the_matrix_is_as_wide_as_it_should_be() -> None:
    rows = [json.loads(line) for line in TEXTS.read_text("utf-8").splitlines()]
    assert len({row["label"] for row in rows}) >= 40
    assert len({encoding for row in rows for encoding in row["encodings"]}) >= 29
    assert [row["label"] for row in rows if len(row["text"].encode()) < 1000] == []
    assert [one for one in samples() if not SAMPLE_BYTES <= len(one.raw) < 1.5 * SAMPLE_BYTES] == []


def test_the_matrix_keeps_its_floors() -> None:
    check_digest(TEXTS)
    figures, table = table_of(reading for sample in samples() for reading in outcomes(sample))
    assert below_floors(figures, FLOORS) == {}, table


def with_names() -> Iterator[Sample]:
    """Yield each bare sample with names from other languages strewn in, as far as its encoding has their letters."""
    for sample in samples():
        if not sample.is_page:
            words = sample.text.split(" ")
            names = [name for name in NAMES if all(can_write(sample.encoding, char) for char in name)]
            for at, name in enumerate(names):
                words.insert(at * 37 % len(words), name)
            yield bare_sample(sample.language, sample.encoding, " ".join(words))


def test_names_from_other_languages_do_not_mislead() -> None:
    kinds = {"right": 100.0, "undeclared": 99.5}
    readings = (reading for sample in with_names() for reading in outcomes(sample, kinds))
    figures, table = table_of(readings)
    assert below_floors(figures, kinds) == {}, table


def held_out() -> Iterator[Sample]:
    """Yield two samples of about 3 kB for each language and encoding, of sentences the rules were not made with."""
    sentences: dict[str, dict[str, None]] = defaultdict(dict)
    for line in gzip.decompress(HELD_OUT.read_bytes()).decode("utf-8").rstrip("\n").split("\n"):
        row = json.loads(line)
        sentences[LANGUAGES.get(row["lang"], row["lang"])][row["clean"]] = None
    for line in TEXTS.read_text("utf-8").splitlines():
        row = json.loads(line)
        for encoding in row["encodings"]:
            written = (write_in(sentence, encoding) for sentence in sentences.get(row["label"], ()))
            writable = [text for text in written if all(can_write(encoding, char) for char in set(text))]
            yield from (bare_sample(row["label"], encoding, text) for text in joined(writable, encoding)[:2])


def joined(sentences: list[str], encoding: str) -> list[str]:
    """Return the sentences as texts of at least `SAMPLE_BYTES` in `encoding`."""
    texts, text = [], ""
    for sentence in sentences:
        text += sentence + "\n"
        if len(encode(text, encoding)) >= SAMPLE_BYTES:
            texts.append(text)
            text = ""
    return texts


@pytest.mark.skipif(not HELD_OUT.exists(), reason="the development data (../shared) is not here")
def test_texts_it_was_not_made_with_keep_the_same_floors() -> None:
    check_digest(HELD_OUT)
    figures, table = table_of(reading for sample in held_out() for reading in outcomes(sample))
    assert below_floors(figures, FLOORS) == {}, table
