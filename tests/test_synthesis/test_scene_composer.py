import numpy as np

from upocr_mm.synthesis.scene_composer import SceneComposer

LUMINANCE = np.array([0.299, 0.587, 0.114])


def test_words_are_inside_apart_legible_and_stand_out():
    composer = SceneComposer((128, 128))
    heights, counts = [], []
    for seed in range(40):
        background, words = composer.compose(np.random.default_rng(seed))
        assert background.shape == (128, 128, 3)
        counts.append(len(words))
        taken = np.zeros((128, 128), int)
        for word in words:
            x1, y1, x2, y2 = word.box
            assert 0 <= x1 <= x2 < 128 and 0 <= y1 <= y2 < 128
            assert background[word.window].shape[:2] == (y2 - y1 + 1,
                                                         x2 - x1 + 1)
            taken[word.window] += 1
            heights.append(y2 - y1 + 1)
            behind = (background[word.window] @ LUMINANCE).mean()
            assert abs(word.color @ LUMINANCE - behind) > 0.35
        assert taken.max() <= 1
    assert min(counts) >= 2 and max(counts) == 5
    assert 11 < np.median(heights) < 30


def test_number_of_words_is_obeyed():
    composer = SceneComposer((256, 256))
    for seed in range(5):
        rng = np.random.default_rng(seed)
        _, words = composer.compose(rng, num_words=(3, 3))
        assert len(words) == 3


def test_small_and_narrow_images_have_words():
    for size in ((32, 32), (32, 128), (128, 32)):
        composer = SceneComposer(size)
        for seed in range(20):
            _, words = composer.compose(np.random.default_rng(seed))
            assert words
