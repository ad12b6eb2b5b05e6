"""The forms of an English word, so that a rule is written once: `mortgage/n` stands for mortgage and mortgages.

Marks: `/n` noun (singular, plural) and `/v` verb (base, -s, -ing, past, participle). Regular forms follow spelling
rules; irregular ones are listed. This is no general inflector: it needs to be right for the words of the rule tables,
which the tests of the room try form by form.
"""

import re
from typing import NamedTuple

IRREGULAR_PLURALS = {
    "child": "children",
    "man": "men",
    "person": "people",
    "woman": "women",
    "life": "lives",
    "human being": "human beings",
    "basis": "bases",
    "analysis": "analyses",
    "series": "series",
}

IRREGULAR_VERBS = {
    "be": ("was", "been"),
    "become": ("became", "become"),
    "begin": ("began", "begun"),
    "break": ("broke", "broken"),
    "bring": ("brought", "brought"),
    "build": ("built", "built"),
    "buy": ("bought", "bought"),
    "catch": ("caught", "caught"),
    "choose": ("chose", "chosen"),
    "come": ("came", "come"),
    "cut": ("cut", "cut"),
    "do": ("did", "done"),
    "draw": ("drew", "drawn"),
    "drive": ("drove", "driven"),
    "eat": ("ate", "eaten"),
    "fall": ("fell", "fallen"),
    "feel": ("felt", "felt"),
    "fight": ("fought", "fought"),
    "find": ("found", "found"),
    "forget": ("forgot", "forgotten"),
    "get": ("got", "got"),
    "give": ("gave", "given"),
    "go": ("went", "gone"),
    "grow": ("grew", "grown"),
    "have": ("had", "had"),
    "hear": ("heard", "heard"),
    "hit": ("hit", "hit"),
    "hold": ("held", "held"),
    "keep": ("kept", "kept"),
    "know": ("knew", "known"),
    "lead": ("led", "led"),
    "leave": ("left", "left"),
    "let": ("let", "let"),
    "lose": ("lost", "lost"),
    "make": ("made", "made"),
    "mean": ("meant", "meant"),
    "meet": ("met", "met"),
    "pay": ("paid", "paid"),
    "put": ("put", "put"),
    "read": ("read", "read"),
    "rise": ("rose", "risen"),
    "run": ("ran", "run"),
    "say": ("said", "said"),
    "see": ("saw", "seen"),
    "sell": ("sold", "sold"),
    "send": ("sent", "sent"),
    "set": ("set", "set"),
    "show": ("showed", "shown"),
    "shut": ("shut", "shut"),
    "speak": ("spoke", "spoken"),
    "spend": ("spent", "spent"),
    "stand": ("stood", "stood"),
    "take": ("took", "taken"),
    "teach": ("taught", "taught"),
    "tell": ("told", "told"),
    "think": ("thought", "thought"),
    "understand": ("understood", "understood"),
    "win": ("won", "won"),
    "write": ("wrote", "written"),
}

# Words of more than one syllable that double their last consonant, as stop does.
DOUBLING = frozenset("admit begin commit control forget occur permit prefer refer submit".split())
SHORT_RE = re.compile(r"[^aeiou]*(?:qu)?[aeiou][^aeiouwxy]")
SIBILANT_RE = re.compile(r"(?:s|x|z|ch|sh)$")
CONSONANT_Y_RE = re.compile(r"(?<=[^aeiou])y$")


class VerbForms(NamedTuple):
    """The five forms of a verb."""

    base: str
    third: str
    gerund: str
    past: str
    participle: str


def pluralise(noun: str) -> str:
    """Return the plural of a noun or of a phrase that ends with its noun.

    >>> pluralise("financial institution"), pluralise("economy"), pluralise("child")
    ('financial institutions', 'economies', 'children')
    """
    head, _, last = noun.rpartition(" ")
    plural = IRREGULAR_PLURALS.get(last) or _with_s(last)
    return f"{head} {plural}" if head else plural


def conjugate(verb: str) -> VerbForms:
    """Return the forms of a verb.

    >>> conjugate("state")
    VerbForms(base='state', third='states', gerund='stating', past='stated', participle='stated')
    """
    past, participle = IRREGULAR_VERBS.get(verb) or (_with_ed(verb), _with_ed(verb))
    third = {"be": "is", "do": "does", "go": "goes", "have": "has"}.get(verb) or _with_s(verb)
    return VerbForms(verb, third, _with_ing(verb), past, participle)


def _with_s(word: str) -> str:
    if CONSONANT_Y_RE.search(word):
        return word[:-1] + "ies"
    return word + ("es" if SIBILANT_RE.search(word) else "s")


def _doubles(verb: str) -> bool:
    return verb in DOUBLING or SHORT_RE.fullmatch(verb) is not None


def _with_ed(verb: str) -> str:
    if verb.endswith("e"):
        return verb + "d"
    if CONSONANT_Y_RE.search(verb):
        return verb[:-1] + "ied"
    return verb + (verb[-1] if _doubles(verb) else "") + "ed"


def _with_ing(verb: str) -> str:
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and verb != "be":
        return verb[:-1] + "ing"
    return verb + (verb[-1] if _doubles(verb) else "") + "ing"
