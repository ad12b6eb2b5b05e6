import gzip
import itertools
import random
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
from backports import zstd
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.fetch.body import MAX_CODINGS, MAX_MEMBERS, Unpacker, declared_codings, unchunk, ungzip, unpack
from tasks.outcome import DropReason, Unusable


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "x-gzip": gzip.compress,
    "identity": bytes,
    "deflate without its header": raw_deflate,
}


# What begins like this is packed once more, whoever says what; Hypothesis finds such bytes in the source.
BODY = st.binary(max_size=500).filter(lambda body: body[:2] not in {b"\x1f\x8b", b"\x28\xb5"})


def pieces(raw: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    return [raw[a:b] for a, b in itertools.pairwise(at)]


@given(BODY, st.sampled_from(sorted(CODINGS)), st.lists(st.integers(0, 600), max_size=5))
def test_a_body_comes_out_as_it_went_in_however_it_arrives(body: bytes, coding: str, cuts: list[int]) -> None:
    assert unpack(pieces(CODINGS[coding](body), cuts), coding.partition(" ")[0], 1000) == body


@pytest.mark.parametrize("coding", sorted(CODINGS))
@pytest.mark.parametrize("size", [*range(65_530, 65_545), 131_072, 300_000])
@pytest.mark.parametrize("piece", [997, 65_536])
def test_bodies_around_the_size_of_a_piece(coding: str, size: int, piece: int) -> None:
    body = bytes(size)
    packed = CODINGS[coding](body)
    assert (
        unpack([packed[at : at + piece] for at in range(0, len(packed), piece)], coding.partition(" ")[0], size) == body
    )
    with pytest.raises(Unusable) as refused:
        unpack([packed], coding.partition(" ")[0], size - 1)
    assert refused.value.reason is DropReason.BODY_TOO_BIG


@given(BODY.filter(bool), st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.data())
def test_a_torn_body_is_never_taken_for_whole(body: bytes, coding: str, data: st.DataObject) -> None:
    packed = CODINGS[coding](body)
    cut = data.draw(st.integers(2, len(packed) - 1))
    with pytest.raises(Unusable) as refused:
        unpack([packed[:cut]], coding, 1000)
    assert refused.value.reason is DropReason.BODY_TRUNCATED


def refusal(body: bytes, coding: str) -> tuple[DropReason | None, str]:
    try:
        unpack([body], coding, 100_000)
    except Unusable as refused:
        return refused.reason, refused.detail
    return None, ""


@given(st.binary(max_size=400), st.sampled_from(["", "gzip", "deflate", "br", "zstd"]))
def test_bytes_of_any_kind_come_out_or_have_a_reason(body: bytes, coding: str) -> None:
    reason, detail = refusal(body, coding)
    assert reason in {
        None,
        DropReason.BODY_TRUNCATED,
        DropReason.ENCODING_CORRUPT,
        DropReason.BODY_TOO_BIG,
        DropReason.BOMB,
    }
    assert detail or not reason


@given(st.text(max_size=300), st.sampled_from(["", "gzip", "zstd"]))
@example("(", "zstd")
@example("P*M", "zstd")
@example("\x1f", "gzip")
def test_text_that_was_not_packed_stays_as_it_is(text: str, coding: str) -> None:
    assert unpack([text.encode()], coding, 10_000) == text.encode()


@given(
    BODY,
    st.lists(st.sampled_from(["gzip", "deflate", "br", "zstd"]), max_size=MAX_CODINGS),
    st.lists(st.integers(0, 600), max_size=5),
)
def test_codings_come_off_in_their_order(body: bytes, codings: list[str], cuts: list[int]) -> None:
    packed = body
    for coding in codings:
        packed = CODINGS[coding](packed)
    assert unpack(pieces(packed, cuts), ", ".join(codings), 1000) == body


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("piece", [1, 2, 3, 5, 997])
def test_members_may_begin_anywhere(coding: str, piece: int) -> None:
    frame = (
        CODINGS[coding](b"<p>news")
        if coding == "gzip"
        else b"\x5a\x2a\x4d\x18\x01\x00\x00\x00x" + zstd.compress(b"<p>news")
    )
    packed = CODINGS[coding](b"<p>first") + frame * 30
    cut = [packed[at : at + piece] for at in range(0, len(packed), piece)]
    assert unpack(cut, coding, 1000) == b"<p>first" + b"<p>news" * 30


def test_members_have_an_end() -> None:
    member = gzip.compress(b"x")
    assert len(unpack([member * MAX_MEMBERS], "gzip", 100_000)) == MAX_MEMBERS
    with pytest.raises(Unusable) as refused:
        unpack([member * (MAX_MEMBERS + 1)], "gzip", 100_000)
    assert refused.value.reason is DropReason.ENCODING_CHAIN


def test_the_caller_gets_a_turn_also_where_nothing_comes_out() -> None:
    turns = list(Unpacker("gzip", 1000).feed(gzip.compress(b"") * 100))
    assert len(turns) >= 100
    assert not any(turns)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_no_piece_is_large(coding: str) -> None:
    page = random.Random(1).randbytes(150_000).hex().encode()  # noqa: S311  (packs to a half)
    unpacker = Unpacker(coding, 3_000_000)
    sizes = [len(out) for out in unpacker.feed(CODINGS[coding](page))] + [len(out) for out in unpacker.finish()]
    assert sum(sizes) == len(page)
    assert max(sizes) <= 70_000  # brotli gives a little more than it was asked for


@pytest.mark.parametrize("n_zeros", [400_000, 3_000_000])
def test_a_small_body_that_unpacks_to_little_is_no_bomb(n_zeros: int) -> None:
    """Below a megabyte the ratio says nothing: a page of blanks is a page."""
    packed = gzip.compress(bytes(n_zeros))
    if n_zeros < 1_000_000:
        assert len(unpack([packed], "gzip", 10_000_000)) == n_zeros
        return
    with pytest.raises(Unusable) as refused:
        unpack([packed[:1500], packed[1500:]], "gzip", 10_000_000)
    assert refused.value.reason is DropReason.BOMB


@pytest.mark.parametrize(
    ("encodings", "reason"),
    [
        ("gzip, gzip, gzip, gzip", DropReason.ENCODING_CHAIN),
        (", ".join(["compress"] * 200), DropReason.ENCODING_CHAIN),
        ("compress", DropReason.ENCODING_UNKNOWN),
        ("gzip; q=1", DropReason.ENCODING_UNKNOWN),
        ("gzip\0", DropReason.ENCODING_UNKNOWN),
    ],
)
def test_declarations_that_are_refused(encodings: str, reason: DropReason) -> None:
    with pytest.raises(Unusable) as refused:
        declared_codings(encodings)
    assert refused.value.reason is reason


def test_gzip_of_a_file_has_no_limit_of_its_own() -> None:
    assert sum(map(len, ungzip([gzip.compress(bytes(20_000_000))]))) == 20_000_000
    assert b"".join(ungzip([b"<p>", b"not packed"])) == b"<p>not packed"


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_chunks_come_together_again(body: bytes, cuts: list[int]) -> None:
    chunks = [piece for piece in pieces(body, cuts) if piece]
    raw = b"".join(b"%X\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    assert unchunk(raw + b"0\r\n\r\n") == body
    assert unchunk(raw + b"0;last\r\nTrailer: x\r\n\r\n") == body


@pytest.mark.parametrize(
    "raw", [b"", b"<!doctype html>\r\n<p>", b"+5\r\nabcde\r\n0\r\n", b"0x5\r\nabcde\r\n0\r\n", b"\r\n"]
)
def test_what_is_not_chunked_stays_as_it_is(raw: bytes) -> None:
    assert unchunk(raw) == raw
