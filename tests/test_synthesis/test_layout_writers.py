import cv2
import numpy as np
import pytest

from upocr_mm.synthesis import synthesize_dataset
from upocr_mm.synthesis.font_pool import FontPool
from upocr_mm.synthesis.placed_word import PlacedWord
from upocr_mm.synthesis.removal_writer import RemovalWriter
from upocr_mm.synthesis.scene_composer import SceneComposer
from upocr_mm.synthesis.segmentation_writer import SegmentationWriter
from upocr_mm.synthesis.tampering_writer import TamperingWriter
from upocr_mm.synthesis.word_sprite import WordSprite

SIZE = (96, 112)


@pytest.fixture(scope='module')
def composer():
    return SceneComposer(SIZE)


@pytest.fixture(scope='module')
def roots(tmp_path_factory):
    out = tmp_path_factory.mktemp('data')
    return synthesize_dataset(out, num_train=6, num_test=2, size=SIZE)


def read(path, flag=cv2.IMREAD_COLOR):
    image = cv2.imread(str(path), flag)
    assert image is not None, path
    return image


def test_removal_pair_is_equal_outside_the_mask(composer):
    writer = RemovalWriter(composer)
    for seed in range(25):
        image, label, mask, polygons = writer.render(
            np.random.default_rng(seed))
        assert image.dtype == label.dtype == np.uint8
        assert set(np.unique(mask)) == {0, 255}
        np.testing.assert_array_equal(image[mask == 255], label[mask == 255])
        for polygon in polygons:
            region = np.zeros(SIZE, np.uint8)
            cv2.fillPoly(region, [polygon.astype(np.int32)], 1)
            assert (mask[region > 0] == 0).all()
            change = np.abs(image.astype(int) - label)[region > 0].max(axis=1)
            # Text is there, and it does not fill its box.
            assert 0.04 < (change > 50).mean() < 0.95


def test_removal_without_text(composer):
    image, label, mask, polygons = RemovalWriter(composer).render(
        np.random.default_rng(0), empty=True)
    np.testing.assert_array_equal(image, label)
    assert (mask == 255).all() and polygons == []


def test_removal_files(roots):
    for split, count in (('train', 6), ('test', 2)):
        folder = roots['text_removal'] / split
        for n in range(1, count + 1):
            image = read(folder / 'image' / f'img_{n}.jpg').astype(int)
            label = read(folder / 'label' / f'img_{n}.jpg')
            mask = read(folder / 'mask' / f'img_{n}.jpg', -1)
            assert mask.shape == SIZE
            # JPEG: only near 0 and near 255, so any threshold between does.
            assert ((mask < 40) | (mask > 215)).all()
            filled = np.full(SIZE, 255, np.uint8)
            for line in (folder / 'all_gts' /
                         f'img_{n}.txt').read_text().splitlines():
                points = np.array([int(v) for v in line.split(',')])
                points = points.reshape(-1, 2)
                assert len(points) == 4 and points.min() >= 0
                assert (points < (SIZE[1], SIZE[0])).all()
                cv2.fillPoly(filled, [points.astype(np.int32)], 0)
            np.testing.assert_array_equal(mask > 127, filled > 127)
            outside = np.abs(image - label)[mask > 127]
            inside = np.abs(image - label)[mask <= 127]
            assert outside.mean() < 1 and inside.mean() > 10


def test_segmentation_labels_are_the_strokes(composer, monkeypatch):
    # The picture without words, from the same random numbers, shows where
    # the words are.
    writer = SegmentationWriter(composer)
    effects = ignored = 0
    for seed in range(40):
        image, label = writer.render(np.random.default_rng(seed))
        assert set(np.unique(label)) <= {0, 100, 200, 255}
        with monkeypatch.context() as patch:
            patch.setattr(
                'upocr_mm.synthesis.placed_word.PlacedWord.'
                'draw_on', lambda self, image: None)
            blank, same = writer.render(np.random.default_rng(seed))
        np.testing.assert_array_equal(label, same)
        change = np.abs(image.astype(int) - blank).max(axis=-1)
        # All strokes change the picture (clipping can hide some of it); all
        # else but the effects and soft edges of words hardly does (hairlines
        # thinner than half a pixel are no strokes).
        word = label == 100
        near = cv2.dilate((label > 0).astype(np.uint8), np.ones((7, 7))) > 0
        assert word.sum() > 40
        assert (change[word] > 25).mean() > 0.99
        assert (change[~near] > 12).mean() < 0.01
        effects += (label == 200).any()
        ignored += (label == 255).any()
    assert effects >= 15 and ignored >= 1


class OneWhiteWordOnBlack:

    def compose(self, rng, **kwargs):
        sprite = WordSprite.render('Market', FontPool().paths[0], 30, 7.)
        white = np.ones(3, np.float32)
        word = PlacedWord(sprite, 4, 5, white, white, opacity=1.)
        return np.zeros((64, 160, 3), np.float32), [word]


def test_segmentation_label_is_the_glyph_above_one_half(monkeypatch):
    monkeypatch.setattr(
        'upocr_mm.synthesis.segmentation_writer.sensor_noise',
        lambda rng, size, strength: np.zeros(size + (3, ), np.float32))
    image, label = SegmentationWriter(OneWhiteWordOnBlack()).render(
        np.random.default_rng(0))
    assert (label == 100).sum() > 300
    np.testing.assert_array_equal(label, np.where(image[..., 0] > 127, 100, 0))


def test_segmentation_files(roots):
    folder = roots['text_segmentation']
    for path in (folder / 'semantic_label').iterdir():
        label = read(path, -1)
        assert label.shape == SIZE and label.dtype == np.uint8
        assert set(np.unique(label)) <= {0, 100, 200, 255}
        name = path.name.replace('_maskfg.png', '.jpg')
        assert read(folder / 'image' / name).shape == SIZE + (3, )


def high_frequencies(image, box):
    x1, y1, x2, y2 = box
    gray = image[y1:y2 + 1, x1:x2 + 1].mean(axis=-1)
    return np.median(np.abs(cv2.Laplacian(gray, cv2.CV_64F, ksize=1)))


def test_tampered_words_leave_a_trace(composer):
    writer = TamperingWriter(composer)
    both, correct, words = 0, 0, 0
    for seed in range(40):
        image, boxes = writer.render(np.random.default_rng(seed))
        labels = [box[4] for box in boxes]
        both += set(labels) == {1, 2}
        strength = [high_frequencies(image, box[:4]) for box in boxes]
        # The checkerboard kind is regular, not weak: leave it out here by
        # comparing within the image only.
        threshold = np.median(
            np.abs(cv2.Laplacian(image.mean(axis=-1), cv2.CV_64F, ksize=1)))
        correct += sum((value < 0.75 * threshold) == (label == 2)
                       for value, label in zip(strength, labels))
        words += len(boxes)
    assert both >= 34
    assert correct / words > 0.8


def test_tampered_files(roots):
    folder = roots['tampered_text_detection']
    labels = []
    for split in ('train', 'test'):
        for path in sorted((folder / f'{split}_gt').iterdir()):
            image = read(folder / f'{split}_img' / f'{path.stem}.jpg')
            for line in path.read_text().splitlines():
                x1, y1, x2, y2, label = (int(v) for v in line.split(','))
                assert 0 <= x1 <= x2 < image.shape[1]
                assert 0 <= y1 <= y2 < image.shape[0]
                labels.append(label)
    assert set(labels) == {1, 2}
