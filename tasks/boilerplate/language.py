"""In which language a text is written, by py3langid (140 languages, pure Python and NumPy, no download).

The model compares languages and always prefers one, so a few words, names or figures get a confident wrong answer.
Texts shorter than `SHORTEST` letters get none. Confidence is the model's probability normalised over its languages.
"""

from py3langid.langid import MODEL_FILE, LanguageIdentifier

# Counted in letters of any script. Sentences a little longer in en, de, fr, es, ru and zh
# come out right (tests/boilerplate/test_document.py).
SHORTEST = 40
# The model reads every byte in Python; after this much the answer has long been settled.
SAMPLE = 240


# Read with the module and not with the first document: unpacking the model takes 1 s of CPU, which the fork server
# spends once for all worker processes.
IDENTIFIER = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def detect_language(text: str) -> tuple[str | None, float]:
    """Return the ISO 639-1 code of the language of `text` and the confidence (0 to 1); None and 0 for a short text.

    >>> detect_language("The bridge over the river was closed to all traffic on Monday morning.")[0]
    'en'
    >>> detect_language("OK")
    (None, 0.0)
    """
    sample = text[:SAMPLE]
    letters = sum(map(str.isalpha, sample))
    # East Asian scripts carry more in a character.
    if letters + sum(letter > "\u2e7f" for letter in sample) < SHORTEST:
        return None, 0.0
    lang, confidence = IDENTIFIER.classify(sample)
    return (str(lang), round(float(confidence), 4)) if lang else (None, 0.0)
