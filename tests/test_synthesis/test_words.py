import numpy as np

from upocr_mm.synthesis.words import WORDS, random_word


def test_word_list():
    assert len(WORDS) >= 100 and len(set(WORDS)) == len(WORDS)
    assert all(word.isalpha() and word.islower() for word in WORDS)


def test_random_words():
    rng = np.random.default_rng(0)
    words = [random_word(rng, max_length=4) for _ in range(600)]
    assert all(2 <= len(word) <= 4 and word.isalnum() for word in words)
    numbers = [word for word in words if word.isdigit()]
    assert 60 < len(numbers) < 140
    assert {word.lower() for word in words} - set(numbers) <= set(WORDS)
    assert any(word.isupper() for word in words)
    assert any(word.islower() for word in words)
