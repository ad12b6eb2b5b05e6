"""Which months an article names: what is left to go by where its date of publication is not known.

A report names the months around it: the election in August, the talks of September. Of the months that a text names,
in the order in which they follow each other, the last one is taken for its time: of August, September, December and
March it is March, since between March and August lies the longest gap. Two articles are *not* of one time if their
last months are four or more apart; where one of them names no month, nothing is known against it.

Whole names in 20 languages count. A name that is also another word (May, March, mars, mai), and one cut short (Aug,
Sept), counts only beside a number or after a word such as "in" or "since". Chinese, Japanese and Korean write months
as numbers, which are not read here.

Measured on the articles of five real relatives of one story: of the ten pairs the four with the one that was written
five months later are told apart, the others not. On reports of one event by two hands (excerpts of 100 words, 91
pairs) 1 pair is wrongly told apart; on longer articles on the launch of a product, which tell of its first announcement
and its coming games, 5 of 17 pairs are.
"""

from collections.abc import Sequence

# The number of a month, and its names up to the next number.
NAMES = """
1: january januar jänner januari janvier enero gennaio janeiro gener ianuarie stycznia styczniu ledna lednu
   января январе січня januar ocak tammikuussa tammikuuta ιανουαρίου januára
2: february februar februari février febrero febbraio fevereiro febrer februarie lutego lutym února únoru
   февраля феврале лютого şubat helmikuussa helmikuuta φεβρουαρίου februára
3: märz maart marzo março març martie marca marcu března březnu марта марте березня maaliskuussa maaliskuuta
   μαρτίου
4: april avril abril aprile aprilie kwietnia kwietniu dubna dubnu апреля апреле квітня nisan huhtikuussa
   huhtikuuta απριλίου apríla
5: mayo maggio maio maja květnu травня toukokuussa toukokuuta μαΐου mája
6: june juni juin junio giugno junho juny iunie czerwca czerwcu června červnu июня июне червня haziran
   kesäkuussa kesäkuuta ιουνίου júna
7: july juli juillet julio luglio julho juliol iulie lipca lipcu července červenci июля июле липня temmuz
   heinäkuussa heinäkuuta ιουλίου júla
8: august augustus augusti août agosto agost sierpnia sierpniu srpna srpnu августа августе серпня ağustos
   agustus elokuussa elokuuta αυγούστου augusta
9: september septembre septiembre settembre setembro setembre septembrie września wrześniu září сентября
   сентябре вересня eylül syyskuussa syyskuuta σεπτεμβρίου septembra
10: october oktober octobre octubre ottobre outubro octombrie października październiku října říjnu октября
   октябре жовтня ekim lokakuussa lokakuuta οκτωβρίου októbra
11: november novembre noviembre novembro noiembrie listopada listopadzie listopadu ноября ноябре листопада kasım
   marraskuussa marraskuuta νοεμβρίου novembra
12: december dezember décembre diciembre dicembre dezembro desembre desember decembrie grudnia grudniu prosince
   prosinci декабря декабре грудня aralık joulukuussa joulukuuta δεκεμβρίου decembra
"""
# Short or also other words: believed in company only.
DOUBTFUL_NAMES = """
1: jan ene gen янв
2: feb févr фев
3: mar march mars mart mrz
4: apr abr kwi апр
5: may mai mei maj mag мая мае mayıs května
6: jun giu
7: jul lug
8: aug ago août sie авг
9: sep sept set сен
10: oct okt ott окт
11: nov lis
12: dec dez dic déc дек
"""
COMPANY = frozenset(
    "in of since until till by early late mid last next this from between im seit bis ende anfang mitte en de desde "
    "hasta depuis fin début di da a do i w od du le em no mese".split()
)


def _numbered(table: str) -> dict[str, int]:
    """Return the bit of each name in a table of names."""
    numbers: dict[str, int] = {}
    bit = 0
    for word in table.split():
        if word.endswith(":"):
            bit = int(word[:-1]) - 1
        else:
            numbers[word] = bit
    return numbers


MONTHS = _numbered(NAMES)
DOUBTFUL_MONTHS = _numbered(DOUBTFUL_NAMES)
LEAST_APART = 4


def find_months(words: Sequence[str]) -> int:
    """Return which months a text names, from its words, folded and in their order: bit 0 is January.

    >>> bin(find_months("elections in august may help since march".split()))
    '0b10000100'
    """
    distinct = set(words)
    months = sum({1 << MONTHS[word] for word in distinct & MONTHS.keys()})
    if distinct & DOUBTFUL_MONTHS.keys():
        for before, word, after in zip(("", *words), words, (*words[1:], ""), strict=False):
            if word in DOUBTFUL_MONTHS and (before.isdigit() or after.isdigit() or before in COMPANY):
                months |= 1 << DOUBTFUL_MONTHS[word]
    return months


def are_of_one_time(one: int, other: int) -> bool:
    """Say whether two articles that name these months may have been written at about the same time."""
    if not (one and other):
        return True
    apart = abs(_last_month(one) - _last_month(other))
    return min(apart, 12 - apart) < LEAST_APART


def _last_month(months: int) -> int:
    """Return the month after which the longest time goes by until the next one named."""
    named = [number for number in range(12) if months >> number & 1]
    gaps = [((after - number - 1) % 12, number) for number, after in zip(named, [*named[1:], named[0]], strict=True)]
    return max(gaps)[1]
