import gzip
import itertools
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.fetch.body import unchunk, unpack
from tasks.outcome import DropReason, Unusable


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "identity": bytes,
    "deflate without its header": raw_deflate,
}


def pieces(raw: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    return [raw[a:b] for a, b in itertools.pairwise(at)]


@given(st.binary(max_size=500), st.sampled_from(sorted(CODINGS)), st.lists(st.integers(0, 600), max_size=5))
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


@given(st.binary(min_size=1, max_size=500), st.sampled_from(["gzip", "deflate", "br"]), st.data())
def test_a_torn_body_is_never_taken_for_whole(body: bytes, coding: str, data: st.DataObject) -> None:
    packed = CODINGS[coding](body)
    cut = data.draw(st.integers(2, len(packed) - 1))
    with pytest.raises(Unusable) as refused:
        unpack([packed[:cut]], coding, 1000)
    assert refused.value.reason is DropReason.BODY_TRUNCATED


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
