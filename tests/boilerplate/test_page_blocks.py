"""What a reader sees on a page, block by block."""

import pytest
from lxml.html import HtmlElement, document_fromstring

from tasks.boilerplate.page_blocks import Block, letters_of, read_blocks


def blocks_of(body: str) -> list[Block]:
    return read_blocks(document_fromstring(f"<html><head><title>T</title></head><body>{body}</body></html>"))


def texts_of(body: str) -> list[str]:
    return [block.text for block in blocks_of(body)]


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ("<p>One.</p><p>Two <b>bold</b> words.</p>", ["One.", "Two bold words."]),
        ("<div>loose<p>One.</p>behind</div>tail", ["loose", "One.", "behind", "tail"]),
        ("<p>A line<br>and another<hr></p>", ["A line", "and another"]),
        ("<ul><li>a<ul><li>b</li></ul>c</li></ul>", ["a", "b", "c"]),
        ("<p>\n  folded \t white\r\n space </p>", ["folded white space"]),
        ("<p>10\u00a0000 \u2009kroner\u00a0</p>", ["10\u00a0000 \u2009kroner"]),
        ("<p>in<i>ter</i>na<a href=x>tion</a>al</p>", ["international"]),
        ("<p> <b> a </b> <i> b </i> </p>", ["a b"]),
        ("<script>no</script><style>no</style><noscript>no</noscript><template>no</template><p>yes</p>", ["yes"]),
        ("<p></p><div> \u00a0 </div>", []),
    ],
    ids=[
        "paragraphs", "loose", "line-breaks", "nested", "white-space", "no-break", "inside-words", "inline-space",
        "unseen", "empty",
    ],
)  # fmt: skip
def test_texts(body: str, texts: list[str]) -> None:
    assert texts_of(body) == texts


def test_a_row_of_plain_cells_is_one_block() -> None:
    table = "<table><tr><th>Place</th><th>Snow</th></tr><tr><td>Pass <a href=x>west</a></td><td>40 cm</td></tr></table>"
    assert texts_of(table) == ["Place | Snow", "Pass west | 40 cm"]


def test_the_cells_of_a_layout_are_blocks_of_their_own() -> None:
    table = "<table><tr><td><p>One.</p><p>Two.</p></td><td>Menu</td></tr></table>"
    assert texts_of(table) == ["One.", "Two.", "Menu"]


def test_links_are_measured() -> None:
    whole, half, none = blocks_of("<p><a href=x>Snow <b>closes</b></a></p><p>Read <a href=y>this</a></p><p>Text</p>")
    assert (whole.linked_share, none.linked_share) == (1.0, 0.0)
    assert half.linked_share == pytest.approx(4 / 9)


def test_a_block_knows_its_element() -> None:
    heading, item, loose = blocks_of("<h2><span>Head</span></h2><ul><li><b>Item</b></li></ul>loose")
    assert [block.element.tag for block in (heading, item, loose)] == ["h2", "li", "body"]


def test_marks_that_stand_in_no_element_do_no_harm() -> None:
    tree: HtmlElement = document_fromstring("<html><body><p>a</p></body></html>")
    assert [block.text for block in read_blocks(tree)] == ["a"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("- It’s | over ", "Its\u00a0over"),
        ("„Großes“ Haus", "großes HAUS"),
        ("東京、雪。", "東京 雪"),
        ("снег №5", "СНЕГ 5"),
    ],
)
def test_letters_are_the_same_however_a_text_is_marked_up(one: str, other: str) -> None:
    assert letters_of(one) == letters_of(other) != ""
