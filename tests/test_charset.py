import base64
import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tasks.charset import CHARSETS, CODECS, MAGIC, Decoded, decode_bytes, resolve_label, strangeness
from tasks.outcome import DropReason, Unusable

CASES = Path(__file__).parent / "cases" / "fetch" / "charset"


def rows(table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CASES / f"{table}.jsonl").read_text("utf-8").splitlines()]


def cases(table: str) -> list[Any]:
    return [pytest.param(row, id=row["label"]) for row in rows(table)]


def encoded() -> Iterator[Any]:
    """Every sentence in every encoding of the table: text, bytes, label."""
    for row in rows("sentences"):
        for encoding in row["encodings"]:
            raw = row["text"].encode(encoding["codec"])
            yield pytest.param(row["text"], raw, encoding["label"], id=f"{row['label']}-{encoding['label']}")


@pytest.mark.parametrize(("text", "raw", "label"), list(encoded()))
class TestSentences:
    def test_undeclared(self, text: str, raw: bytes, label: str) -> None:
        assert decode_bytes(raw, markup=False).text == text, f"undeclared {label}"

    def test_declared_by_the_server(self, text: str, raw: bytes, label: str) -> None:
        decoded = decode_bytes(raw, label, markup=False)
        assert decoded.text == text
        assert decoded.charset == resolve_label(label)

    def test_declared_in_the_page(self, text: str, raw: bytes, label: str) -> None:
        head, tail = f'<html><head><meta charset="{label}"></head><body><p>', "</p></body></html>"
        if label == "utf-16le":
            pytest.skip("a page in UTF-16 can't show an ASCII label")
        decoded = decode_bytes(head.encode() + raw + tail.encode(), markup=True)
        assert decoded.text == head + text + tail

    def test_declared_wrongly_as_utf8(self, text: str, raw: bytes, label: str) -> None:
        decoded = decode_bytes(raw, "utf-8", markup=False)
        assert decoded.text == text
        assert decoded.charset == "iso-2022-jp" or "not utf-8 as declared" in decoded.evidence, label


@pytest.mark.parametrize("case", cases("synthetic"))
def test_bytes_are_read_as_what_they_are(case: dict[str, Any]) -> None:
    decoded = decode_bytes(case["raw"].encode("latin-1"), case["declared"], markup=case["markup"])
    assert decoded.text == case["text"]
    assert decoded.charset == case["charset"]
    assert decoded.evidence


@pytest.mark.parametrize("case", cases("negative"))
def test_bytes_that_are_no_text_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(Unusable) as refused:
        decode_bytes(case["raw"].encode("latin-1"), "utf-8", markup=True)
    assert refused.value.reason == case["reason"]
    assert refused.value.detail


@pytest.mark.parametrize("case", cases("known_failures"))
@pytest.mark.xfail(strict=True, reason="see the comment of the row")
def test_known_failures(case: dict[str, Any]) -> None:
    assert decode_bytes(case["raw"].encode("latin-1"), case["declared"], markup=case["markup"]).text == case["text"]


def test_evidence_names_stray_bytes_and_torn_tails() -> None:
    mixed = decode_bytes("Füße ".encode() * 30 + b"caf\xe9.", markup=False)
    assert mixed == Decoded("Füße " * 30 + "café.", "utf-8", mixed.evidence)
    assert "1 stray bytes in utf-8, the first e9" in mixed.evidence
    torn = decode_bytes("Füße – ".encode()[:-2], markup=False)
    assert torn.text == "Füße "
    assert "e2 80" in torn.evidence


def test_declarations_count_only_in_markup() -> None:
    raw = b'He wrote <meta charset="windows-1251"> and: caf\xe9.'
    assert decode_bytes(raw, markup=False).text.endswith("café.")


def test_a_declaration_is_found_in_the_head_only() -> None:
    raw = b"<p>" + b"x " * 20_000 + b'<meta charset="windows-1251"> Le caf\xe9 est ferm\xe9, dit-elle.'
    assert decode_bytes(raw, markup=True).text.endswith("Le café est fermé, dit-elle.")


@pytest.mark.parametrize("label", [None, "utf-8", "gb2312"])
def test_one_line_longer_than_what_is_looked_at(label: str | None) -> None:
    """The sample ends within a character."""
    for start in ("", "a"):
        text = start + "市长周二宣布，大桥将关闭至三月。" * 5000
        assert decode_bytes(text.encode("gb18030"), label, markup=True).text == text


def test_a_stray_byte_far_behind_what_is_looked_at() -> None:
    text = "市长周二宣布，大桥将关闭至三月。\n" * 5000
    decoded = decode_bytes(text.encode("gb18030") + b"\xcb<br>", "gb2312", markup=True)
    assert (decoded.text, decoded.charset) == (text + "Ë<br>", "gb18030")


def test_every_label_means_an_encoding_python_has() -> None:
    for label, charset in CHARSETS.items():
        for codec in CODECS.get(charset, (charset,)):
            assert codecs.decode(b"", codec) == "", f"{label}: Python has no {codec}"


@pytest.mark.parametrize("label", ["hex", "zlib", "idna", "utf-7", "rot13", "base64", "raw_unicode_escape", "", "x"])
def test_labels_that_are_no_encoding_of_the_web(label: str) -> None:
    assert resolve_label(label) is None


@pytest.mark.parametrize("payload", [base64.b16encode(b"news"), b"+AGEAYg-", b"xn--mnchen-3ya"])
@pytest.mark.parametrize("label", ["hex", "utf-7", "idna"])
def test_codecs_of_python_are_not_run(payload: bytes, label: str) -> None:
    assert decode_bytes(payload, label, markup=False).text == payload.decode("ascii")


def test_clean_sentences_are_not_strange() -> None:
    assert [row["label"] for row in rows("sentences") if strangeness(row["text"]) > 0.03] == []


@given(st.binary(max_size=400), st.sampled_from([None, "utf-8", "gbk", "utf-16", "hex", "windows-1252", "shift_jis"]))
@example(b"\xff\xfe\x00\xd8", None)
@example(b"\x1b$B", None)
@example(b"\xef\xbb\xbf\xff", "utf-8")
def test_any_bytes_become_text_or_a_reason(raw: bytes, declared: str | None) -> None:
    try:
        decoded = decode_bytes(raw, declared, markup=True)
    except Unusable as refused:
        assert refused.reason in {DropReason.TYPE_BINARY, DropReason.ENCODING_UNKNOWN}  # noqa: PT017  (both ends are right)
    else:
        decoded.text.encode()  # no half pairs: it can be stored
        assert "\ufffd" not in decoded.text or "\ufffd".encode() in raw or decoded.charset != "utf-8"


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\r\t"), max_size=300)


@given(texts)
def test_utf8_comes_back(text: str) -> None:
    raw = text.encode()
    assume(not text.startswith("\ufeff") and not any(raw.startswith(magic, at) for at, magic in MAGIC))
    assume(not raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)))
    assert decode_bytes(raw, markup=False) == Decoded(text, "utf-8", "valid UTF-8")


@given(texts, st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]))
def test_a_mark_settles_it(text: str, codec: str) -> None:
    marks = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    assume(not text.startswith("\0"))
    private = sum(0xE000 <= ord(char) <= 0xF8FF or ord(char) >= 0xE0000 for char in text)
    assume(private == 0 and all(char.isprintable() or char.isspace() for char in text))
    assert decode_bytes(marks[codec] + text.encode(codec), "koi8-r", markup=True).text == text
