"""In which section of the site the article stands, and in which language the page says it is.

The section is what the page states (`article:section`, JSON-LD), or else the last step of its breadcrumb that is
neither the home page nor the article itself. The language is the declared one; whether the text is really in it is for
`language` to say, since many pages keep what their template came with.
"""

import re
from collections.abc import Iterable, Iterator

from lxml.html import HtmlElement

from tasks.boilerplate.json_ld import ArticleObject
from tasks.boilerplate.line_rules import fold_space
from tasks.boilerplate.page_marks import MOST_MARKS, PageMarks, text_of
from tasks.boilerplate.statements import Statement
from tasks.boilerplate.titles import SiteNames, is_site_name, says_same, squash

SECTION_META = ("article:section", "articlesection", "parsely-section", "section", "dc.subject.section", "category")
HOME_RE = re.compile(
    r"(?:home ?(?:page)?|start(?:seite)?|accueil|inicio|início|portada|главная|главная страница|головна|"
    r"首页|首頁|トップ|홈|ホーム|الرئيسية|ana ?sayfa|strona główna|hjem|hem|forside|etusivu|koti|acasă|domů|"
    r"you are here|sie sind hier|news)"
)
# What content systems state as a section where there is none.
NO_SECTION_RE = re.compile(
    r"(?:news)?(?:article|story|post|page|default|uncategori[sz]ed|front page|main|none|null|other|sin categoría|"
    r"non classé|allgemein|без рубрики|未分类|未分類)s?"
)
LONGEST_SECTION = 60
ADDRESS_RE = re.compile(r"https?:|/|^\W*$|^\d+$")
# ISO 639-1. Declarations of anything else ("x-default", "english") are none.
LANGUAGES = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en"
    " eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv"
    " ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne"
    " ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st"
    " su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu".split()
)
# Codes of three letters, codes withdrawn, and codes of countries that pages take for those of languages.
OTHER_CODES = {
    "iw": "he", "in": "id", "ji": "yi", "cn": "zh", "jp": "ja", "ua": "uk", "cz": "cs", "dk": "da", "gr": "el",
    "eng": "en", "ger": "de", "deu": "de", "fre": "fr", "fra": "fr", "spa": "es", "por": "pt", "ita": "it", "rus": "ru",
    "zho": "zh", "chi": "zh", "jpn": "ja", "kor": "ko", "ara": "ar", "pol": "pl", "nld": "nl", "dut": "nl", "tur": "tr",
    "fil": "tl", "cmn": "zh",
}  # fmt: skip


def list_sections(said: ArticleObject, marks: PageMarks, names: SiteNames, title: str | None) -> list[Statement[str]]:
    """Return the sections that the page states, the most trusted first."""
    stated: list[tuple[str, str]] = [("meta", marks.meta[name][0]) for name in SECTION_META if name in marks.meta]
    if said.section and said.is_article:
        stated.append(("json-ld", said.section))
    crumb = _last_crumb(said.crumbs or tuple(_shown_crumbs(marks)), names, title)
    if crumb:
        stated.append(("breadcrumb", crumb))
    return [Statement(source, text, section) for source, text in stated if (section := _clean(text, names, title))]


def _clean(text: str, names: SiteNames, title: str | None) -> str | None:
    section = fold_space(re.split(r"[,;|>]", text)[0]).strip(" »›-")
    if (
        not 1 < len(section) <= LONGEST_SECTION
        or ADDRESS_RE.search(section)
        or NO_SECTION_RE.fullmatch(section.casefold())
    ):
        return None
    if is_site_name(section, names.sites) or (title and says_same(section, title)):
        return None
    return section


def _last_crumb(crumbs: Iterable[str], names: SiteNames, title: str | None) -> str | None:
    steps = [
        crumb
        for crumb in crumbs
        if not HOME_RE.fullmatch(crumb.casefold())
        and not is_site_name(crumb, names.sites)
        and not (title and (says_same(crumb, title) or squash(title).startswith(squash(crumb.rstrip("….")))))
    ]
    return steps[-1] if steps else None


def _shown_crumbs(marks: PageMarks) -> Iterator[str]:
    if not marks.crumbs:
        return
    trail: HtmlElement = marks.crumbs[0].element
    for number, link in enumerate(trail.iter("a")):
        if number >= MOST_MARKS:
            return
        if text := text_of(link):
            yield text


def list_languages(said: ArticleObject, marks: PageMarks) -> list[Statement[str]]:
    """Return the languages that the page declares, the most trusted first."""
    stated = [
        ("html lang", marks.lang),
        ("og:locale", marks.first("og:locale") or ""),
        ("content-language", marks.first("content-language", "language", "dc.language") or ""),
        ("json-ld", said.lang or ""),
    ]
    return [Statement(source, text, code) for source, text in stated if (code := language_code(text))]


def language_code(text: str) -> str | None:
    """Return the ISO 639-1 code in a language tag, None where it names none.

    >>> language_code("pt_BR"), language_code("x-default")
    ('pt', None)
    """
    first = re.split(r"[-_,; ]", text.strip().lower())[0]
    code = OTHER_CODES.get(first, first)
    return code if code in LANGUAGES else None


def region_of(text: str) -> str:
    """Return the region in a language tag, in lower case, empty where it names none.

    >>> region_of("en-GB")
    'gb'
    """
    parts = re.split(r"[-_]", text.strip().lower())
    return next((part for part in parts[1:] if len(part) == 2 and part.isalpha()), "")  # noqa: PLR2004  (ISO 3166)
