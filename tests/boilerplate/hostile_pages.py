"""Pages that are made to hurt: 50 ways, each with the same four paragraphs in it where it has any text at all.

`python -m tests.boilerplate.hostile_pages` leads all of them through the room in one process and prints for each, as
JSON, the CPU seconds it took, and at last the greatest memory of the process.
"""

import json
import random
import resource
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tasks.boilerplate.document import extract_document
from tasks.fetch.records import Markup, Origin, Provenance, RawDocument
from tasks.outcome import Dropped, DropReason

PARAGRAPHS = (
    "The old bridge over the Aller was closed to all traffic on Monday after engineers found cracks in two piers.",
    "Repairs will take until spring, the district council said, and ferries will carry passengers in the meantime.",
    "“We could not wait any longer,” said the head of the roads department. “The frost would have done the rest.”",
    "Some 9,000 cars used the bridge every day before it was closed; the nearest crossing is 30 kilometres away.",
)
BODY = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
CHANCE = random.Random(7)  # noqa: S311  (nonsense that is the same in every run)
NONSENSE = "".join(CHANCE.choices("<>/=\"'&;#ax1 \n!-[]pdiv", k=400_000))


def nested(tag: str, levels: int, inside: str = BODY) -> str:
    """Set `inside` so many levels deep."""
    name = tag.split(maxsplit=1)[0]
    return f"<{tag}>" * levels + inside + f"</{name}>" * levels


def attributes(count: int) -> str:
    return " ".join(f"a{number}=1" for number in range(count))


@dataclass(frozen=True)
class HostilePage:
    """A page, and how it must end: as an article with all paragraphs, or for one of these reasons."""

    label: str
    html: str
    reasons: tuple[DropReason, ...] = ()


NO_TEXT = (DropReason.NO_MAIN_CONTENT,)
PAGES = [
    HostilePage("300 levels of div", nested("div", 300)),
    HostilePage("1,000 levels of section", nested("section", 1000)),
    HostilePage("5,000 levels of blockquote", nested("blockquote", 5000)),
    HostilePage("100,000 levels of div", nested("div", 100_000)),
    HostilePage("100,000 levels of b", nested("b", 100_000)),
    HostilePage("100,000 levels of span with classes", nested("span class=a", 100_000)),
    HostilePage("50,000 levels of table", nested("table", 50_000)),
    HostilePage("20,000 lists in lists", "<ul><li>" * 20_000 + BODY),
    HostilePage("100,000 levels, never closed", "<div>" * 100_000 + BODY),
    HostilePage("100,000 links in links", "<a href=x>" * 100_000 + BODY),
    HostilePage("20,000 wrong end tags", "<div>" * 20_000 + "</x>" * 20_000 + BODY),
    HostilePage("100,000 paragraphs never closed", "<p>x" * 100_000 + BODY, NO_TEXT),
    HostilePage("deep inside a paragraph", f"<p>{nested('b', 5000, PARAGRAPHS[0])}</p>" + BODY),
    HostilePage("2 million attributes on one element", f"<div {attributes(2_000_000)}>{BODY}</div>"),
    HostilePage("2 million attributes on many elements", "<i a=1 b=2 c=3 d=4 e=5></i>" * 400_000 + BODY),
    HostilePage("50,000 attributes behind a quoted bracket", f'<div x=">" {attributes(50_000)}>{BODY}</div>'),
    HostilePage("100,000 times the same attribute", f"<div {'a=1 ' * 100_000}>{BODY}</div>"),
    HostilePage("20,000 links in a list", f"<ul>{'<li><a href=/x>Some menu</a></li>' * 20_000}</ul>{BODY}"),
    HostilePage("20,000 headlines", f"<ul>{'<li><a href=/x>Ferries return to the river</a></li>' * 20_000}</ul>{BODY}"),
    HostilePage("200,000 empty elements", "<div></div>" * 200_000 + BODY),
    HostilePage("200,000 line breaks", "<br>" * 200_000 + BODY),
    HostilePage("picture of 5 MB in an address", f'<img src="data:image/png;base64,{"A" * 5_000_000}">{BODY}'),
    HostilePage("picture of 2 MB in a style", f"<p style='a:url(data:a/b;base64,{'A' * 2_000_000})'>x</p>{BODY}"),
    HostilePage("address of 3 MB", f"<a href='/{'x' * 3_000_000}'>more</a>{BODY}"),
    HostilePage("word of 1 MB", f"{BODY}<p>{'x' * 1_000_000}</p>"),
    HostilePage("line of 1 MB", f"{BODY}<p>{'word ' * 200_000}</p>"),
    HostilePage("NULs", f"\0{BODY}\0\0<p>\0</p>"),
    HostilePage("control characters", "".join(map(chr, range(1, 32))) + BODY),
    HostilePage("noncharacters", f"\ufdd0\ufdd1\ufdef\ufffe\uffff{BODY}"),
    HostilePage("half surrogate pairs", f"<p>\ud800\udfff</p>{BODY}\udc00"),
    HostilePage("bidi controls", f"<p>\u202e\u2066\u200f</p>{BODY}"),
    HostilePage("references to no character", f"&#0;&#8;&#x110000;&#99999999999;&#xd800;&#xfdd0;{BODY}"),
    HostilePage("broken references", f"<p>&&&&;&#;&#x;&amp&lt&notanentity; &#38;#38;</p>{BODY}"),
    HostilePage("200,000 ampersands", f"{BODY}<p>{'&' * 200_000}</p>"),
    HostilePage("comment never closed", f"{BODY}<!-- <p>hidden"),
    HostilePage("script never closed", f"{BODY}<script>if (a < b) {{"),
    HostilePage("title never closed", f"{BODY}<title>Cracks"),
    HostilePage("CDATA", f"<![CDATA[{BODY}]]>"),
    HostilePage("conditional comments", f"<!--[if IE]><p>old</p><![endif]-->{BODY}<![if !IE]><![endif]>"),
    HostilePage("plaintext", f"{BODY}<plaintext><p>x"),
    HostilePage("XML with a wrong encoding", f'<?xml version="1.0" encoding="utf-16"?><html><body>{BODY}'),
    HostilePage("a billion laughs", '<!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><p>&b;</p>' + BODY),
    HostilePage("namespaces", f'<svg xmlns="a:b"><text>x</text></svg><o:p xmlns:o="o">y</o:p>{BODY}'),
    HostilePage("frameset", f"<frameset><frame src=a></frameset><noframes>{BODY}</noframes>", NO_TEXT),
    HostilePage("base and refresh", f'<base href="javascript:0"><meta http-equiv=refresh content="0;url=x">{BODY}'),
    HostilePage("JSON-LD of 5,000 levels", f'<script type="application/ld+json">{"[" * 5000}</script>{BODY}'),
    HostilePage("JSON-LD of 600 kB", f'<script type="application/ld+json">[{"1," * 300_000}1]</script>{BODY}'),
    HostilePage("5,000 tables in rows", "<table><tr><td>" * 5000 + BODY),
    HostilePage("10,000 rows", f"{BODY}<table>{'<tr><td>1</td><td>2</td><td>3</td></tr>' * 10_000}</table>"),
    HostilePage("class names of 1 MB", f"<div class='{'related ' * 125_000}'>{BODY}</div>"),
    HostilePage("nonsense of 400 kB", NONSENSE, tuple(DropReason)),
    HostilePage("only open brackets", "<" * 500_000, NO_TEXT),
    HostilePage("nothing but a doctype", "<!doctype html>", NO_TEXT),
]  # fmt: skip


def raw_document(page: HostilePage) -> RawDocument:
    provenance = Provenance(None, datetime(2031, 5, 4, tzinfo=UTC), "text/html", "utf-8", "declared", "0" * 64)
    html = page.html.encode("utf-8", "replace").decode()  # what the fetch room hands over is text that UTF-8 can hold
    return RawDocument(Origin(page.label, None), provenance, Markup.HTML, html)


def main() -> None:
    """Print what each page costs, and the greatest memory of the process in MB."""
    seconds = {}
    for page in PAGES:
        document = raw_document(page)
        began = time.process_time()
        outcome = extract_document(document)
        seconds[page.label] = round(time.process_time() - began, 2)
        assert isinstance(outcome, Dropped) or outcome.value.article.text, page.label
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mb": peak_memory_mb()}) + "\n")


def peak_memory_mb() -> int:
    """Return the greatest memory this program has had; Linux's `ru_maxrss` also counts that of the one it replaced."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 << 20)


if __name__ == "__main__":
    main()
