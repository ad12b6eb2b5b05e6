"""Sites in made-up languages, whose templates are known: what the thresholds of `site_templates` were set on.

A language is a script, short words that every sentence has, and long ones; a story has words of its own, of which its
reports speak again and again. With these shares a body paragraph is anchored in the rest of its body as on the pages
of bench/lines (middle value 0.5, one in twenty below 0.2).

Each site has what makes templates hard to find or easy to take for text: author boxes on few pages, insets, a notice
below notices of two sentences, background that all reports on a story repeat, reports that are brought up to date and
stand under several addresses, columns with standing heads, questionnaires, recipes, and copy of an agency that all
sites print.

`python -m tests.boilerplate.synthetic_sites` prints precision and recall.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from tasks.boilerplate.line_shape import shape_lines
from tasks.boilerplate.site_pages import SitePage, merge_pages
from tasks.boilerplate.site_templates import find_lines_to_strip, find_site_lines

HAN = "".join(map(chr, range(0x4E00, 0x9000, 29)))
SCRIPTS = {
    "latin": ("bcdfghjklmnprstvz", "aeiou", " ", "."),
    "cyrillic": ("бвгджзклмнпрст", "аеиоу", " ", "."),
    "arabic": ("بتجحدرسشطعفقلمن", "اوي", " ", "."),
    "han": (HAN[::2], HAN[1::2], "", "。"),
}


@dataclass
class Language:
    """Makes words, sentences and paragraphs. `function` are short words, `general` long ones that no story owns."""

    script: str
    random: random.Random
    function: list[str] = field(init=False)
    general: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.function = [self.word(1) for _ in range(40)]
        self.general = self.words(1500)

    def word(self, syllables: int) -> str:
        consonants, vowels, _, _ = SCRIPTS[self.script]
        syllable = (self.random.choice(consonants) + self.random.choice(vowels) for _ in range(syllables))
        return "".join(syllable)[: 2 * syllables if self.script != "han" else max(1, syllables - 1)]

    def words(self, count: int) -> list[str]:
        return [self.word(self.random.randint(3, 5)) for _ in range(count)]

    def sentence(self, own: list[str], share: float, words: int | None = None) -> str:
        _, _, blank, stop = SCRIPTS[self.script]
        chosen = [self.choose(own, share) for _ in range(words or self.random.randint(8, 20))]
        return blank.join(chosen).capitalize() + stop

    def choose(self, own: list[str], share: float) -> str:
        drawn = self.random.random()
        if drawn < share:
            return own[min(int(self.random.expovariate(4 / len(own))), len(own) - 1)]
        if drawn < 0.6:
            return self.random.choice(self.function)
        return self.random.choice(self.general)

    def paragraph(self, own: list[str], share: float = 0.4) -> str:
        blank = SCRIPTS[self.script][2]
        return blank.join(self.sentence(own, share) for _ in range(self.random.randint(2, 4)))

    def heading(self) -> str:
        return SCRIPTS[self.script][2].join(self.words(self.random.randint(1, 3))).capitalize()


@dataclass
class Page:
    """A page and its truth: for each line whether it is a template."""

    name: str
    lines: list[tuple[str, bool]]

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(text for text, _ in self.lines)


@dataclass
class Site:
    """A site of some 75 pages."""

    name: str
    language: Language
    agency: list[list[str]]
    has_inset: bool

    def __post_init__(self) -> None:
        make, chance = self.language, self.language.random
        house = make.words(60)
        self.notice = [make.paragraph(house, 0.4), make.heading()][: chance.randint(1, 2)]
        self.call = [make.paragraph(house, 0.4)]
        self.inset = [make.heading(), make.sentence(house, 0.4, 12)]
        self.top = make.heading()
        self.authors = [make.paragraph(house, 0.3) for _ in range(4)]
        self.subheads = [make.heading() for _ in range(3)]
        self.questions = [make.sentence(house, 0.2)[:-1] + "?" for _ in range(6)]
        self.recipe_heads = [make.heading() for _ in range(2)]

    def frame(self, name: str, body: list[str]) -> Page:
        """Set a body between the templates of the site."""
        chance = self.language.random
        lines = [(text, False) for text in body]
        if self.has_inset and len(body) > 5 and chance.random() < 0.7:
            middle = len(lines) // 2
            lines[middle:middle] = [(text, True) for text in self.inset]
        if chance.random() < 0.5:
            lines.append((self.language.random.choice(self.authors), True))
        if chance.random() < 0.6:
            lines += [(text, True) for text in self.call]
        lines += [(text, True) for text in self.notice]
        return Page(f"{self.name}/{name}", lines)

    def report(self, own: list[str], paragraphs: int) -> list[str]:
        chance = self.language.random
        body = [self.language.paragraph(own) for _ in range(paragraphs)]
        if paragraphs > 5 and chance.random() < 0.5:
            body.insert(3, chance.choice(self.subheads))
        return body

    def pages(self) -> Iterator[Page]:
        chance, make = self.language.random, self.language
        for story in range(4):
            own = make.words(40)
            background = make.paragraph(own)
            for n in range(chance.randint(5, 8)):
                body = self.report(own, chance.randint(4, 10))
                body.insert(chance.choice([2, len(body), len(body)]), background)
                yield self.frame(f"story-{story}-{n}", body)
        yield from self.live_report()
        for n in range(12):
            yield self.frame(f"report-{n}", self.report(make.words(40), chance.randint(3, 12)))
        for n in range(8):
            yield self.frame(f"notice-{n}", self.report(make.words(40), 2))
        for n in range(6):
            own = make.words(40)
            answers = [text for question in self.questions for text in (question, make.paragraph(own))]
            yield self.frame(f"questions-{n}", answers)
        for n in range(6):
            own = make.words(40)
            things = [make.sentence(own, 0.4, 4)[:-1] for _ in range(6)]
            yield self.frame(f"recipe-{n}", [self.recipe_heads[0], *things, self.recipe_heads[1], *self.report(own, 3)])
        for n, copy in enumerate(self.agency):
            yield self.frame(f"agency-{n}", copy)

    def live_report(self) -> Iterator[Page]:
        """Yield the states of one report, each under two addresses."""
        own = self.language.words(40)
        body = self.report(own, 5)
        for n in range(6):
            body = [self.language.paragraph(own), *body]
            page = self.frame(f"live-{n}", body)
            yield page
            yield Page(f"{page.name}?from=mail", page.lines)


def make_sites(seed: int = 1) -> list[Site]:
    """Return three sites of each language. The sites of a language print the same agency copy."""
    sites = []
    for number, script in enumerate(SCRIPTS):
        language = Language(script, random.Random(100 * seed + number))  # noqa: S311  (no secrets here)
        agency = [[language.paragraph(words) for _ in range(5)] for words in [language.words(40)] * 6]
        sites += [Site(f"{script}-{n}.example", language, agency, has_inset=n != 1) for n in range(3)]
    return sites


@dataclass
class Tally:
    """Lines of templates found, missed, and lines of text taken for one."""

    found: int = 0
    missed: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.found / (self.found + self.missed)

    @property
    def precision(self) -> float:
        return self.found / (self.found + len(self.wrong))


def tally_sites(seed: int) -> Tally:
    """Learn the templates of all sites, and strip the same pages."""
    tally = Tally()
    pages = {site.name: list(site.pages()) for site in make_sites(seed)}
    state = merge_pages((), (SitePage(name, page.name, "", page.texts) for name in pages for page in pages[name]))
    templates = find_site_lines(state)
    for name, page in ((site, page) for site in pages for page in pages[site]):
        taken = find_lines_to_strip(shape_lines(list(page.texts)), templates.get(name, {}))
        for at, (text, is_template) in enumerate(page.lines):
            tally.found += is_template and at in taken
            tally.missed += is_template and at not in taken
            if at in taken and not is_template:
                tally.wrong.append(f"{page.name}, line {at}: {text}")
    return tally


if __name__ == "__main__":
    for seed in range(1, 6):
        tally = tally_sites(seed)
        print(f"seed {seed}: precision {tally.precision:.4f} recall {tally.recall:.4f}", *tally.wrong[:5], sep="\n  ")  # noqa: T201
