"""Whether words end in a closed question: one that yes, no or a single word answers.

Pure, for French and English, with and without the question mark that recognised speech lacks. It
rather misses one than takes "can you explain ...?" for one: a miss only costs a better model.
"""

import re

from services.llm.request import Language

TAIL_CHARS = 300
"""A question stands at the end; nothing before that is looked at."""

_BREAK = re.compile(r".*(?:[.!?…;:]\s+|\n)", re.DOTALL)
_TRAILING = " \t\n\r\xa0\u202f\"'”’»)]}*_"
_LEADING = " \t\n\r\xa0\u202f\"'“‘«([{*_-–—"
_LEAD = (
    r"^(?:[^,]{1,40},\s*){0,2}(?:(?:and|so|but|well|ok|okay|then|now|oh|please|sorry"
    r"|et|mais|alors|donc|bon|bien|ah|eh|euh|or|dites|enfin|pardon)\s+)*"
)

_AUXILIARY = (
    r"(?:do|does|did|is|are|am|was|were|can|could|will|would|shall|should|may|might|must|has|have"
    r"|had|isn't|aren't|wasn't|weren't|don't|doesn't|didn't|can't|couldn't|won't|wouldn't|shouldn't"
    r"|hasn't|haven't|hadn't|mustn't)"
)
_EN_OPEN = re.compile(
    r"\b(?:why|how|what|what's|whom|whose)\b"
    rf"|{_LEAD}(?:(?:at|in|on|for|to|by|since|until|from|with|of|about)\s+)?"
    r"(?:who|where|when|which)\b"
    r"|\b(?:who|where|when|which|which one)$"
    r"|\b(?:know|tell|remember|recall|say|see|guess|sure)\s+(?:\w+\s+)?(?:who|where|when|which)\b"
    r"|\b(?:explain|describe|elaborate|summari[sz]e|outline|clarify|justify|compare|illustrate"
    r"|expand|(?:tell|give|show|walk|talk|remind)\s+(?:me|us)|say\s+more|mind\s+\w+ing)\b"
    r"|\b(?:can|could|would|will)\s+(?:you|we|i|someone)\s+(?:\w+\s+){0,2}?"
    r"(?:list|share|detail|develop|write|name|provide|present|introduce|define|discuss|comment"
    r"|suggest|propose|repeat|speak|talk)\b"
)
_EN_ASKED = re.compile(
    rf"{_LEAD}{_AUXILIARY}\s"
    rf"|{_LEAD}(?:i|you|he|she|it|we|they|that|this|there)(?:'\w+)?\s+\w"
    rf"|\s{_AUXILIARY}\s+(?:i|you|he|she|it|we|they|there)$"
    r"|[,\s](?:right|correct|true|yes|no|ok|okay|agreed|yeah|huh|eh)$"
    r"|^(?:really|sure|certain|ready|agreed|ok|okay|yes|no|any \w+)(?:\s\S+)?$"
    r"|\byes or no\b"
)
_EN_UNMARKED = re.compile(
    rf"{_LEAD}(?:do|does|did|have|has|had|don't|didn't|haven't)\s+(?:i|you|we|they|he|she)\s+\w"
    r"|"
    rf"{_LEAD}(?:is|are|am|was|were|can|could|will|would|should|isn't|aren't|can't|won't|wouldn't)"
    r"\s+(?:i|you|he|she|it|we|they|this|that|these|those|there)\s+\w"
    r"|\byes or no$"
)

_FR_OPEN = re.compile(
    r"\b(?:pourquoi|comment|combien|quoi|quel|quels|quelle|quelles|lequel|laquelle|lesquels"
    r"|lesquelles|qu'est-ce|où|ce qui)\b"
    rf"|{_LEAD}(?:que\b|qu'|(?:(?:à|de|avec|pour|chez|par|depuis|jusqu'à)\s+)?(?:qui|quand)\b)"
    r"|\b(?:qui|quand)$"
    r"|\b(?:sais|savez|sait|dire|rappelez|souvenez)\b.{0,12}\b(?:qui|quand|ce que)\b"
    r"|\b(?:pouvez|peux|pourriez|pourrais|peut|pourrait|voulez|veux|voudriez|voudrais|souhaitez"
    r"|aimeriez|accepteriez)\b.{0,30}\b(?:expliquer|décrire|raconter|détailler|développer|préciser"
    r"|résumer|clarifier|justifier|comparer|illustrer|présenter|parler|donner|citer|lister|exposer"
    r"|argumenter|commenter|éclaircir|nuancer|étayer|reformuler|répéter|éclairer"
    r"|dire(?!\s+(?:si|s'|oui)))\b"
    rf"|{_LEAD}(?:expliqu|décriv|racont|détaill|développ|précis|résum|parl|donn|cit|montr)(?:ez|e)\b"
)
_INVERSION = r"\b(?!rendez-vous)\w+-(?:t-)?(?:je|tu|il|elle|on|nous|vous|ils|elles|ce)\b(?!-)"
_FR_ASKED = re.compile(
    r"\best-ce\s+(?:que\b|qu')"
    rf"|{_INVERSION}"
    rf"|{_LEAD}(?:(?:vous|tu|il|elle|on|nous|ils|elles|je|ce|ça|cela)\s+\w|(?:j'|c'|t')\w)"
    r"|[,\s](?:non|hein|si|oui|d'accord|pas vrai|vrai|ok|c'est ça|exact|compris|entendu)$"
    r"|^(?:vraiment|sûr|sûre|certain|certaine|prêt|prête|prêts|d'accord|ok|oui|non|compris)"
    r"(?:\s\S+)?$"
    r"|\boui ou non\b"
)
_FR_UNMARKED = re.compile(
    rf"{_LEAD}(?:est-ce\s+(?:que\b|qu')"
    r"|(?:avez|êtes|pouvez|pourriez|voulez|voudriez|savez|pensez|croyez|seriez|auriez|comptez|allez"
    r"|souhaitez|acceptez|accepteriez|confirmez|reconnaissez|regrettez|connaissez)-vous\b(?!-)"
    r"|(?:as|es|peux|veux|sais|penses|crois|vas)-tu\b"
    r"|(?:a-t|est|était|sera-t|peut|doit)-(?:il|elle|on|ce)\b|(?:ont|sont|peuvent)-(?:ils|elles)\b)"
    r"|\bn'est-ce pas$|\boui ou non$"
)
_PATTERNS = {
    "en": (_EN_OPEN, _EN_ASKED, _EN_UNMARKED),
    "fr": (_FR_OPEN, _FR_ASKED, _FR_UNMARKED),
}


def is_closed(text: str, language: Language | None = None) -> bool:
    """Whether the last sentence of a text asks for no more than a yes, a no or a word.

    Without a language either may show that it is closed, and either that it is not.
    """
    tail = text[-TAIL_CHARS:].rstrip(_TRAILING)
    marked = tail.endswith("?")
    if marked:
        tail = tail.rstrip("?!" + _TRAILING)
    earlier = _BREAK.match(tail)
    sentence = tail[earlier.end() if earlier else 0 :].lstrip(_LEADING)
    sentence = sentence.lower().replace("’", "'")
    if not sentence:
        return False
    known = _PATTERNS.get(language) if language else None
    for_each = (known,) if known else tuple(_PATTERNS.values())
    if any(opens.search(sentence) for opens, _, _ in for_each):
        return False
    return any((asked if marked else bare).search(sentence) for _, asked, bare in for_each)
