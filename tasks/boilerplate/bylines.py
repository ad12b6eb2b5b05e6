"""Who wrote it: people, agencies and houses in the texts that stand where a byline stands.

A byline names people. "By Example Broadcaster with AP" names a house and an agency, so it gives no byline, a
publisher and an agency. A text is cut into parts at commas, strokes and conjunctions; an opening such as "By" or
"Photo:" (`rules/byline_leads.tsv`: whether what follows wrote the report or is credited for something else) leaves its
part and rules over the parts that follow; what is left of a part is an agency, a house, a desk or role
(`rules/roles.tsv`), a person, or nothing. A person is told by the form of the name alone, in scripts with and without
case: there is no list of names.

What does not have that form (a handle, a web address, a sentence) is left out: no author is better than a wrong one.
A single word may be a first name ("by Catherine") or an account; it is kept apart (`single_names`) for who knows more.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from tasks.boilerplate.line_rules import ROOM, find_agency, find_house, fold_space
from tasks.rule_table import read_rules

WRITES = "author"
# Conjunctions of the languages whose names have capitals. Lower case only: "I" and "E" are initials of names.
CONJUNCTION = (
    r"and|und|et|y|e|i|en|og|och|ja|oraz|és|ve|și|ed|dan|và|и|і|та|και|with|mit|avec|con|com|med|AND|UND|ET|WITH"
)
# What follows one of these is a place or an employer, no author.
AWAY = r"in|on|at|from|for|of|near|to|à|aus|für|pour|para|desde|em|di(?=\s[A-Z]\w+\s*$)|على|من|в|из|для|FOR|IN"
JOINT_RE = re.compile(
    rf"\s*(?P<sign>[,;|&•·、，；()（）\[\]【】「」<>\n/／]|(?<![\u30a0-\u30ff])・|・(?![\u30a0-\u30ff]))\s*"
    rf"|\s+(?P<word>{CONJUNCTION})\s+|\s+(?P<away>{AWAY})\s+|\s+(?P<dash>[–—-]{{1,2}})\s+"
)
GOES_ON_RE = re.compile(rf" (?:, ?|(?:{CONJUNCTION}) )(?=\w)")
# What follows the names on the same line: addresses, handles, times.
TRAIL_RE = re.compile(
    r"\s*(?:\S+@\S+|@\w+|https?:\S+|\bwww\.\S+|\b\d.*|(?<=[\s.])(?:is|was|has|covers|writes) .*|"
    r"\b(?:published|updated|posted|last modified|aktualisiert|stand|publié|publicado|actualizado|mis à jour|follow)\b"
    r".*)$",
    re.IGNORECASE,
)
# A date that stands before the byline on one line.
DATE_BEFORE_RE = re.compile(r"^[^|]*\d[^|]*?\b(?=(?:by|von|par|por|door|av|af)\s)", re.IGNORECASE)
# Professions that East Asian bylines put behind a name.
PROFESSION_RE = re.compile(
    r"\s*(?:(?:인턴|선임|수습|객원|전문|정치부|사회부|경제부)?\s?(?:기자|특파원|논설위원|앵커|에디터)|"
    r"(?:編集委員|論説委員|特派員|記者)|(?:本报|本報)?(?:记者|記者))$"
)
# Leads that are also parts of names: "Von Trapp" is a person, "Von Ida Trapp" is a byline.
NAME_LEADS = frozenset({"von", "de", "di", "av", "af", "do"})
PARTICLES = frozenset(
    "van von der den ten ter de del della dello dei degli di da das do dos du des la le las los el al bin ibn ben bint"
    " abu af av zu zum zur und y e i st san vom vander vande auf ap".split()
)
SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "md", "phd", "mp", "esq"})
APOSTROPHES = "'’‘ʼ`´"
GLUED_PARTICLE_RE = re.compile(rf"(?:[a-zà-ÿ]{{1,5}}[{APOSTROPHES}-])[^\W\d_]")
NAME_SIGN_RE = re.compile(rf"[.{APOSTROPHES}·\u200c\u200d-]")
CASELESS_SIGN_RE = re.compile(rf"[.{APOSTROPHES}״׳\u200c\u200d-]")
HAN_NAME_RE = re.compile(r"[\u3400-\u9fff々ヶ]{2,5}|[\u3400-\u9fff々]{1,4}[ \u3000][\u3400-\u9fff々]{1,4}")
KANA_NAME_RE = re.compile(
    r"(?=.*[\u3040-\u30ff])[\u3400-\u9fff々\u3040-\u309f]{1,4}[ \u3000]?[\u3040-\u30ff]{1,6}|"
    r"[\u30a0-\u30ff]{2,12}(?:[・＝ ][\u30a0-\u30ff.A-Z]{1,12}){1,3}"
)
HANGUL_NAME_RE = re.compile(r"[\uac00-\ud7a3]{2,4}|[\uac00-\ud7a3]{1,2} [\uac00-\ud7a3]{1,3}")
EAST_ASIAN_RE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
# The surnames of nine in ten Chinese, simplified and traditional. Chinese bylines part names by blanks; Japanese ones
# part surname and given name, which begins with other characters.
CHINESE_SURNAMES = frozenset(
    "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡"
    "贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔崔康毛邱秦江史顾顧侯邵孟龙龍万萬段钱錢汤湯尹黎易常武乔喬"
    "贺賀赖賴龚龔文"
)
TWO = 2
# A longer text is a biography or a sentence; ten names with their joints are shorter.
LONGEST = 300
LONGEST_NAME = 60
MOST_WORDS = 6
FEWEST_WORDS = 2
MOST_PEOPLE = 12
CACHED_PARTS = 8192


@dataclass(frozen=True, slots=True)
class Credited:
    """Whom a byline credits. `desk` is a role, a desk or an account in place of a person, as written."""

    people: tuple[str, ...] = ()
    agency: str | None = None
    house: str | None = None
    desk: str | None = None
    single_names: tuple[str, ...] = ()

    @property
    def byline(self) -> str | None:
        """The people, parted by commas; None where there are none."""
        return ", ".join(self.people) or None

    @property
    def is_empty(self) -> bool:
        """Whether nothing in the texts was understood."""
        return self == Credited()


def read_bylines(texts: Iterable[str]) -> Credited:
    """Return whom the `texts` (each a byline or an author field) credit, all together.

    >>> read_bylines(["By Jane Roe and John Doe", "Reuters"]).people
    ('Jane Roe', 'John Doe')
    >>> read_bylines(["By Staff Reporter with AP"]).agency
    'AP'
    """
    people: dict[str, str] = {}
    singles: dict[str, None] = {}
    agency = house = desk = None
    for text in texts:
        for part, writes in _parts(text):
            wire, other = find_agency(part), find_house(part)
            agency, house = agency or wire or _agency_before_role(part), house or other
            if wire or other or not writes:
                continue
            name = case_name(part)
            if is_person(name):
                people.update({one.casefold(): one for one in _split_chinese(name) if one.casefold() not in people})
            elif names_role(part):
                desk = desk or part
            elif _is_single_name(name):
                singles[name] = None
    return Credited(tuple(people.values())[:MOST_PEOPLE], agency, house, desk, tuple(singles)[:MOST_PEOPLE])


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a byline without their openings, and whether each is credited for the writing."""
    text = DATE_BEFORE_RE.sub("", fold_space(text.replace("\n", " | ")), count=1)
    if len(text) > LONGEST:
        return
    if find_house(text) or find_agency(text):
        yield text, True
        return
    writes = open_lead = True
    start = 0
    away = False
    for joint in (*JOINT_RE.finditer(text), None):
        part = text[start : joint.start() if joint else len(text)]
        part, lead = _cut_leads(part)
        if lead:
            writes, open_lead, away = lead == WRITES, True, False
        part = _cut_trail(part)
        if part:
            yield part, writes and not away
            open_lead = False
        if joint is None:
            return
        start = joint.end()
        # A credit for something else ends at a stroke, if it has named somebody.
        if joint["sign"] in {"|", ";", "•", "·", "\n"} and not open_lead:
            writes = True
        away = bool(joint["away"]) or (away and not joint["sign"])


def _cut_leads(part: str) -> tuple[str, str]:
    """Cut the openings off a part; the last one says for what it credits, "" where there is none."""
    meaning = ""
    for _ in range(3):
        match = _leads()[0].match(part)
        if not match or not match[0]:
            break
        rest = part[match.end() :]
        if (
            match[0].strip(" :|").lower() in NAME_LEADS
            and len(rest.split()) < FEWEST_WORDS
            and not match[0].rstrip().endswith(":")
        ):
            break
        part, meaning = rest, _leads()[1][int((match.lastgroup or "r0")[1:])]
    return part, meaning


def opens_byline(text: str) -> bool:
    """Say whether a text opens as a byline that credits for the writing does.

    >>> opens_byline("By Ida Brandt"), opens_byline("Photo: Ida Brandt"), opens_byline("Bygone days")
    (True, False, False)
    """
    return _cut_leads(text)[1] == WRITES


def goes_on(text: str) -> bool:
    """Say whether a text goes on with a list of names.

    >>> goes_on(" and Jon Moe"), goes_on(" went home")
    (True, False)
    """
    return bool(GOES_ON_RE.match(f" {text[:LONGEST_NAME].strip()}"))


@cache
def _leads() -> tuple[re.Pattern[str], tuple[str, ...]]:
    rules = read_rules(ROOM, "byline_leads")
    # Other credits are tried first: "Photos by" must not be read as a name followed by "by".
    ordered = sorted(rules, key=lambda rule: rule.meaning == WRITES)
    rows = "|".join(f"(?P<r{number}>{rule.found})" for number, rule in enumerate(ordered))
    return re.compile(rf"\s*(?:{rows})", re.IGNORECASE), tuple(rule.meaning for rule in ordered)


def _cut_trail(part: str) -> str:
    part = PROFESSION_RE.sub("", TRAIL_RE.sub("", part))
    return part.strip(' .,:;-–—*"“”„«»|=→>_') + ("." if re.search(r"\b(?:Jr|Sr)\.$", part.strip(" ,:;|")) else "")


@cache
def _roles() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{rule.found})" for rule in read_rules(ROOM, "roles")))


@lru_cache(maxsize=CACHED_PARTS)
def names_role(name: str) -> bool:
    """Say whether `name` contains a word for a role, a desk, an organisation, an account or a button.

    >>> names_role("Staff Writer"), names_role("Ida Brandt")
    (True, False)
    """
    return bool(_roles().search(name.casefold()))


def _agency_before_role(part: str) -> str | None:
    """Return the agency in "AP Auto Writer"."""
    first, _, rest = part.partition(" ")
    return find_agency(first) if rest and names_role(rest) else None


def _split_chinese(name: str) -> list[str]:
    """Return the two names in "张伟 陈静"; any other name as it is, also the Japanese one in "山田 花子"."""
    parts = name.split()
    is_two = len(parts) == TWO and all(len(part) in {2, 3} and part[0] in CHINESE_SURNAMES for part in parts)
    return parts if is_two else [name]


@lru_cache(maxsize=CACHED_PARTS)
def is_person(name: str) -> bool:
    """Say whether `name` has the form of a person's name and is no agency, house, desk or role.

    >>> is_person("Ludwig van der Berg"), is_person("Мария Петрова"), is_person("jdadmin")
    (True, True, False)
    """
    if len(name) > LONGEST_NAME or find_agency(name) or find_house(name) or names_role(name):
        return False
    if EAST_ASIAN_RE.search(name):
        return bool(HAN_NAME_RE.fullmatch(name) or HANGUL_NAME_RE.fullmatch(name) or KANA_NAME_RE.fullmatch(name))
    words = name.split()
    if not FEWEST_WORDS <= len(words) <= MOST_WORDS:
        return False
    if any(word[0].isupper() or word[0].islower() for word in words):
        return _is_cased_name(words)
    return all(_is_word(word, CASELESS_SIGN_RE) for word in words)


def _is_cased_name(words: list[str]) -> bool:
    capitals = 0
    for word in words:
        if not _is_word(word, NAME_SIGN_RE):
            return False
        if word[0].isupper():
            capitals += word.strip(".").casefold() not in SUFFIXES
        elif word.casefold() not in PARTICLES and not GLUED_PARTICLE_RE.match(word):
            return False
    longest = max(len(word.strip(".")) for word in words)
    return capitals >= FEWEST_WORDS - any(GLUED_PARTICLE_RE.match(word) for word in words) and longest > 1


def _is_word(word: str, signs: re.Pattern[str]) -> bool:
    rest = signs.sub("", word)
    return bool(rest) and all(unicodedata.category(sign)[0] in "LM" for sign in rest) and not _is_domain(word)


def _is_domain(word: str) -> bool:
    return bool(re.search(r"\w{3,}\.\w{2,}$", word))


def _is_single_name(name: str) -> bool:
    return " " not in name and 3 <= len(name) <= 20 and name.istitle() and name.isalpha()  # noqa: PLR2004  (a first name)


def case_name(name: str) -> str:
    """Return a name that is all in capitals in the case of names; others as they are.

    >>> case_name("MAURA MCDONALD-O'BRIEN III"), case_name("LUDWIG VAN DER BERG"), case_name("J.D. Roe")
    ("Maura McDonald-O'Brien III", 'Ludwig van der Berg', 'J.D. Roe')
    """
    if not name.isupper() or " " not in name:
        return name
    words = [_case_word(word, is_first=at == 0) for at, word in enumerate(name.split())]
    return " ".join(words)


def _case_word(word: str, *, is_first: bool) -> str:
    plain = word.strip(".").casefold()
    if plain in {"ii", "iii", "iv"} or (
        len(plain) == TWO and not set(plain) & set("aeiouyäöüаеиоуыэюя") and plain not in SUFFIXES
    ):
        return word
    if not is_first and plain in PARTICLES:
        return word.lower()
    titled = word.title().replace("i\u0307", "i")
    titled = re.sub(r"\bMc([a-z])", lambda match: "Mc" + match[1].upper(), titled)
    return re.sub(r"(?<=['’‘])S\b", "s", titled)


# Compiled with the module, once for all worker processes of the fork server and not in the first document.
_leads()
_roles()
