import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.fetch.places import path_of
from tasks.fetch.records import InputKind
from tasks.fetch.sources import addresses_in, list_inputs
from tasks.outcome import DropReason
from tests.fetch.warc_bytes import members, response

HTML = b"<!doctype html><p>News</p>"


def listed(sources: Iterable[str]) -> list[str]:
    """Say each row in one line: `input`, or `input REASON`."""
    lines = []
    for row in list_inputs(sources):
        assert (row.document is None) != (row.reject is None)
        if row.document is not None:
            lines.append(row.document.origin.input)
        elif row.reject is not None:
            lines.append(f"{row.reject.input} {DropReason(row.reject.reason).value}")
    return lines


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(path: str, content: bytes = HTML) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content)


@pytest.mark.usefixtures("home")
class TestFolders:
    def test_are_listed_depth_first_by_the_bytes_of_names(self) -> None:
        for name in ("b.html", "a/z.txt", "a/B.html", "a/a.html", "c/d/e.html", "Z.htm", "ä.html", "b-c.html"):
            put(f"news/{name}")
        names = ["Z.htm", "a/B.html", "a/a.html", "a/z.txt", "b-c.html", "b.html", "c/d/e.html", "ä.html"]
        assert listed(["news"]) == [f"news/{name}" for name in names]
        assert listed(["news/"]) == listed(["news"])
        assert listed(["./news"]) == [f"./news/{name}" for name in names]

    def test_kinds_go_by_the_name(self) -> None:
        for name in ("a.html", "b.HTM", "c.xhtml", "d.html.gz", "e.txt", "f.md", "g.text", "h.txt.gz"):
            put(f"news/{name}", b"anything")
        kinds = [row.document.kind for row in list_inputs(["news"]) if row.document]
        assert kinds == [InputKind.HTML_FILE] * 4 + [InputKind.TEXT_FILE] * 4

    def test_other_files_are_rejects_unless_they_begin_like_a_page(self) -> None:
        put("news/index.php?id=7", b"\n<!-- hi --><!DOCTYPE HTML><html>")
        put("news/data.csv", b"a,b\n1,2\n")
        put("news/photo.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF")
        put("news/noise.bin", bytes(range(32)) * 40)
        put("news/page", HTML)
        put("news/records.jsonl.gz", b"\x1f\x8b\x08\0")
        assert listed(["news"]) == [
            "news/data.csv TYPE_UNWANTED",
            "news/index.php?id=7",
            "news/noise.bin TYPE_BINARY",
            "news/page",
            "news/photo.jpg TYPE_BINARY",
            "news/records.jsonl.gz TYPE_BINARY",
        ]

    def test_hidden_names_are_passed_over_but_may_be_given(self) -> None:
        put("news/.DS_Store", b"\0\0\0\1Bud1")
        put("news/.git/page.html")
        put("news/a.html")
        assert listed(["news"]) == ["news/a.html"]
        assert listed(["news", "news/.git"]) == ["news/a.html", "news/.git/page.html"]

    def test_without_anything_to_read(self) -> None:
        Path("empty/deep").mkdir(parents=True)
        put("hidden/.x.html")
        assert listed(["empty", "hidden"]) == ["empty FOLDER_EMPTY", "hidden FOLDER_EMPTY"]

    def test_special_files_are_not_opened(self) -> None:
        put("news/a.html")
        os.mkfifo("news/pipe.html")
        assert listed(["news", "/dev/zero"]) == [
            "news/a.html",
            "news/pipe.html UNREADABLE",
            "/dev/zero UNREADABLE",
        ]

    def test_deeper_than_python_recurses(self) -> None:
        Path("deep").mkdir()
        here = os.open("deep", os.O_RDONLY)
        for _ in range(1200):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(here)
        try:
            assert listed(["deep"]) == ["deep FOLDER_EMPTY"]
        finally:
            subprocess.run(["rm", "-r", "deep"], check=True)  # too deep for Python's own rmtree, which pytest uses


@pytest.mark.usefixtures("home")
class TestLinks:
    def test_to_a_folder_above_are_a_loop_and_the_rest_goes_on(self) -> None:
        put("news/a/b.html")
        put("news/z.html")
        Path("news/a/up").symlink_to("..")
        Path("news/a/self").symlink_to(".")
        Path("news/me.html").symlink_to("me.html")
        assert listed(["news"]) == [
            "news/a/b.html",
            "news/a/self FOLDER_LOOP",
            "news/a/up FOLDER_LOOP",
            "news/me.html FOLDER_LOOP",
            "news/z.html",
        ]

    def test_two_folders_that_link_to_each_other(self) -> None:
        put("a/x.html")
        put("b/y.html")
        Path("a/b").symlink_to("../b")
        Path("b/a").symlink_to("../a")
        assert listed(["a"]) == ["a/b/a FOLDER_LOOP", "a/b/y.html", "a/x.html"]

    def test_to_a_folder_that_holds_this_one(self) -> None:
        put("home/news/a.html")
        Path("home/news/up").symlink_to("../..")
        assert listed(["home/news"]) == ["home/news/a.html", "home/news/up FOLDER_LOOP"]

    def test_to_what_is_listed_anyway_are_repetitions(self) -> None:
        put("news/a/x.html")
        Path("news/b").symlink_to("a")
        Path("news/c.html").symlink_to("a/x.html")
        assert listed(["news"]) == ["news/a/x.html", "news/b INPUT_REPEATED", "news/c.html INPUT_REPEATED"]

    def test_to_elsewhere_are_followed_once(self) -> None:
        put("store/x.html")
        put("news/.annex/y.html")
        Path("news/a.html").symlink_to("../store/x.html")
        Path("news/b.html").symlink_to("../store/x.html")
        Path("news/c.html").symlink_to(".annex/y.html")
        Path("news/d.html").symlink_to("nowhere")
        assert listed(["news"]) == [
            "news/a.html",
            "news/b.html INPUT_REPEATED",
            "news/c.html",
            "news/d.html NOT_FOUND",
        ]


@pytest.mark.usefixtures("home")
class TestSources:
    def test_what_is_not_there(self) -> None:
        put("a.html")
        assert listed(["nope", "a.html/b.html", "nul\0.html", "x" * 300, ""]) == [
            "nope NOT_FOUND",
            "a.html/b.html NOT_FOUND",
            "nul\0.html NOT_FOUND",
            "x" * 300 + " UNREADABLE",
            " NOT_FOUND",
        ]

    def test_given_twice(self) -> None:
        put("news/a.html")
        put("news/b/c.html")
        assert listed(["news/a.html", "news", "news/b", "./news/a.html", "nope", "nope", "nope"]) == [
            "news/a.html",
            "news/a.html INPUT_REPEATED",
            "news/b/c.html",
            "news/b INPUT_REPEATED",
            "./news/a.html INPUT_REPEATED",
            "nope NOT_FOUND",
            "nope INPUT_REPEATED",
            "nope INPUT_REPEATED",
        ]
        rows = [row.reject for row in list_inputs(["nope", "nope", "nope", "nope"])]
        assert len(set(rows)) == 4, "no two rows of a run are the same, or two shards could be"

    def test_urls(self) -> None:
        urls = [
            "https://bote.example/a?b=1",
            "http://bote.example/a",
            "HTTPS://Bote.example/",
            "https://bote.example/ä",
        ]
        assert listed(urls) == urls
        rows = [row.document for row in list_inputs(urls) if row.document]
        assert {row.kind for row in rows} == {InputKind.URL}
        assert [row.location for row in rows] == [row.origin.url for row in rows] == urls
        assert addresses_in(urls) == urls
        assert listed([urls[0], urls[0] + "#comments"]) == [urls[0], urls[0] + "#comments INPUT_REPEATED"]

    def test_addresses_are_found_in_lists_and_files_are_left_alone(self) -> None:
        put("a.html", HTML)
        put("list.txt", b"https://bote.example/1\na.html\n@more.txt\nftp://bote.example/\n")
        put("more.txt", b"https://bote.example/2\nhttps://bote.example/1\nnope\n")
        assert addresses_in(["@list.txt", "a.html", "nope/", "https://bote.example/3"]) == [
            f"https://bote.example/{n}" for n in (1, 2, 3)
        ]

    @pytest.mark.parametrize("url", ["ftp://bote.example/", "file:///etc/passwd", "mailto:a@bote.example", "data:,x"])
    def test_urls_that_are_not_fetched(self, url: str) -> None:
        assert listed([url]) == [f"{url} SCHEME_BLOCKED"]

    def test_records_are_numbered(self) -> None:
        put("a.jsonl", b'\n{"text": "x"}\n\n  \r\nnot json\n{"text": "z"}')
        put("b.warc.gz", members(response(HTML), response(HTML)))
        put("c.warc", response(HTML))
        assert listed(["a.jsonl", "b.warc.gz", "c.warc"]) == [
            *("a.jsonl#1", "a.jsonl#2", "a.jsonl#3"),
            *("b.warc.gz#1", "b.warc.gz#2", "c.warc#1"),
        ]

    def test_containers_that_are_empty_or_torn(self) -> None:
        put("a.jsonl", b"\n \n")
        put("b.warc.gz", b"")
        put("c.warc.gz", members(response(HTML), response(HTML))[:-9])
        put("d.warc.gz", b"\x89PNG" * 99)
        assert listed(["a.jsonl", "b.warc.gz", "c.warc.gz", "d.warc.gz"]) == [
            "a.jsonl EMPTY_BODY",
            "b.warc.gz EMPTY_BODY",
            "c.warc.gz#1",
            "c.warc.gz#2 CONTAINER_TRUNCATED",
            "d.warc.gz RECORD_INVALID",
        ]

    def test_signatures_change_with_the_file(self) -> None:
        put("a.html")
        before = [row.document for row in list_inputs(["a.html"])]
        assert before == [row.document for row in list_inputs(["a.html"])]
        put("a.html", HTML + b"!")
        assert before != [row.document for row in list_inputs(["a.html"])]


@pytest.mark.usefixtures("home")
class TestLists:
    def test_name_sources_by_the_line(self) -> None:
        put("lists/a.html")
        put("b.html")
        absolute = Path("b.html").resolve()
        text = f"\ufeff# ours\n\n  a.html \r\nhttps://bote.example/\n{absolute}\nnope.html\n@more.txt\n"
        put("lists/list.txt", text.encode())
        put("lists/more.txt", b"a.html\n@list.txt\n../b.html")
        assert listed(["@lists/list.txt"]) == [
            "lists/a.html",
            "https://bote.example/",
            str(absolute),
            "lists/nope.html NOT_FOUND",
            "lists/a.html INPUT_REPEATED",
            "@lists/list.txt INPUT_REPEATED",
            "lists/../b.html INPUT_REPEATED",
        ]

    def test_that_can_not_be_read(self) -> None:
        put("empty.txt", b"# nothing\n\n")
        put("photo.txt", b"\x89PNG\r\n\x1a\n")
        put("long.txt", b"x" * 70_000)
        Path("folder").mkdir()
        assert listed(["@nope.txt", "@empty.txt", "@photo.txt", "@folder"]) == [
            "@nope.txt NOT_FOUND",
            "@empty.txt EMPTY_BODY",
            "@photo.txt TYPE_BINARY",
            "@folder UNREADABLE",
        ]
        assert "@long.txt#1 RECORD_INVALID" in listed(["@long.txt"])

    def test_nested_too_deep(self) -> None:
        for n in range(20):
            put(f"{n}.txt", f"@{n + 1}.txt\n".encode())
        assert listed(["@0.txt"]) == ["@10.txt RECORD_INVALID"]

    def test_a_list_may_be_an_input_of_its_own(self) -> None:
        put("list.txt", b"list.txt\n")
        assert listed(["@list.txt"]) == ["list.txt"]


@pytest.mark.usefixtures("home")
def test_names_that_are_no_utf8() -> None:
    name = os.fsdecode(b"caf\xe9.html")
    put(f"news/{name}")
    put("news/café.html")
    documents = [row.document for row in list_inputs(["news"]) if row.document]
    assert [one.origin.input for one in documents] == ["news/café.html", "news/caf\\xe9.html"]
    for one in documents:
        one.location.encode()
        assert Path(os.fsdecode(path_of(one.location))).read_bytes() == HTML


def test_what_one_may_not_read(tmp_path: Path) -> None:
    """Run as somebody without rights where the tests run as root, who may read everything."""
    put(str(tmp_path / "news/a.html"))
    put(str(tmp_path / "news/shut/b.html"))
    put(str(tmp_path / "news/shut.jsonl"), b"{}")
    script = tmp_path / "list.py"
    script.write_text(
        "import sys\n"
        "from tasks.fetch.document import fetch_document\n"
        "from tasks.fetch.records import FetchOptions\n"
        "from tasks.fetch.sources import list_inputs\n"
        "from tasks.outcome import Dropped\n"
        "import os\n"
        "os.chdir(sys.argv[1])\n"
        "if os.geteuid() == 0:\n"
        "    os.setuid(65534)\n"
        "for row in list_inputs(['news', 'news/a.html']):\n"
        "    found = row.reject or fetch_document(row.document, FetchOptions())\n"
        "    name = row.reject.input if row.reject else row.document.origin.input\n"
        "    print(name, getattr(found, 'reason', 'kept'))\n"
    )
    for path, mode in (("news/a.html", 0), ("news/shut", 0), ("news/shut.jsonl", 0)):
        (tmp_path / path).chmod(mode)
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        if folder.owner() == Path.home().owner() and folder.is_relative_to("/tmp/pytest-of-" + folder.owner()):  # noqa: S108
            folder.chmod(0o755)
    try:
        command = [sys.executable, str(script), str(tmp_path)]
        root = Path(__file__).parents[2]
        run = subprocess.run(
            command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=False
        )
    finally:
        (tmp_path / "news/shut").chmod(0o755)
    assert run.stdout.splitlines() == [
        "news/a.html UNREADABLE",
        "news/shut UNREADABLE",
        "news/shut.jsonl UNREADABLE",
        "news/a.html INPUT_REPEATED",
    ], run.stderr


Tree = dict[str, object]
trees = st.recursive(
    st.sampled_from([b"", HTML, b"plain", b'{"text": "a"}\n{}\n', os.urandom(40)]),
    lambda inner: st.dictionaries(
        st.sampled_from(["a.html", "b.txt", "c.jsonl", "d", "e.bin", ".f", "ü.html"]), inner, max_size=4
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["one", "two", "x.html"]), trees, min_size=1))
@settings(max_examples=40, deadline=None)
def test_every_file_is_one_row_and_twice_the_same(tmp_path_factory: pytest.TempPathFactory, tree: Tree) -> None:
    home = tmp_path_factory.mktemp("tree")
    files = list(grow(home, tree))
    rows = list(list_inputs([str(home)]))
    named = {(row.document.origin.input if row.document else str(row.reject and row.reject.input)) for row in rows}
    assert len(named) == len(rows)
    assert {name.partition("#")[0] for name in named} - {str(home)} == set(files)
    assert rows == list(list_inputs([str(home)]))


def grow(folder: Path, tree: Tree) -> Iterable[str]:
    """Make the tree and name the files in it that are not hidden."""
    for name, content in tree.items():
        path = folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
            if not any(part.startswith(".") for part in path.parts):
                yield str(path)
        elif isinstance(content, dict):
            path.mkdir()
            yield from grow(path, content)


def test_a_password_in_an_address_is_not_published() -> None:
    (row,) = list_inputs(["https://ada:secret@bote.example/a"])
    assert row.reject is not None
    assert row.reject.reason is DropReason.URL_CREDENTIALS
    assert (row.reject.input, row.reject.url) == ("https://***@bote.example/a",) * 2
    assert "secret" not in row.reject.detail
