from __future__ import annotations

import numpy as np

WORDS: tuple[str, ...] = tuple("""
    air art bar bay bus cab cafe cat city club coast code coffee cool corner
    cup dance day deli door dream east energy event exit express family farm
    fire fish fly food forest free fresh fruit garden gate gift glass gold
    good grand green hall happy harbor health hill home hotel house ice inn
    island jazz juice key kids king lake lamp light lime love lucky mail
    market menu milk mint mobile moon motor museum music nails news night
    north ocean office old open orange palace paper park parking pearl pet
    pizza place plaza post power press prime public quick quiet radio rail
    rent rice river road rock royal safe sale salon school sea shop show
    silver sky smart snow soap south spa sport square star station stop store
    street studio summer sun super sweet table taxi tea tennis theatre ticket
    time tools tower town travel tree value velvet village vision wall water
    west white wild win wine winter wood world yellow zone zoo
    """.split())


def random_word(rng: np.random.Generator, max_length: int = 8) -> str:
    """A word as shop signs and posters show them, sometimes a number.

    Args:
        rng: Source of randomness.
        max_length: Longest word allowed, in characters; at least 3.

    Returns:
        A word in lower, upper or title case, or a number of 2 to 4 digits
        (one in six), with no white space.
    """
    if rng.random() < 1 / 6:
        return str(rng.integers(10, 10**min(4, max_length)))
    word = WORDS[rng.integers(len(WORDS))]
    while len(word) > max_length:
        word = WORDS[rng.integers(len(WORDS))]
    case = rng.choice(['upper', 'title', 'lower'], p=[0.5, 0.35, 0.15])
    return getattr(word, str(case))()
