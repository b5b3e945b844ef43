from __future__ import annotations
import hashlib
import unicodedata

import cv2
import faker
import numpy as np
import PIL
import pytest

from upocr_mm.synthesis import SampleRenderer
from upocr_mm.synthesis.camera import Camera, compress, decompress
from upocr_mm.synthesis.config import KINDS, CameraConfig
from upocr_mm.synthesis.samples import TAMPERED
from upocr_mm.synthesis.texts import Texts

SIZE = (128, 128)
# Of OpenCV, Pillow and Faker, on both stacks.
VERSIONS = ('4.11.0', '12.3.0', '40.63.0')


@pytest.fixture(scope='module')
def renderer() -> SampleRenderer:
    return SampleRenderer(SIZE)


def test_removal(renderer: SampleRenderer) -> None:
    """Outside of the mask the camera sees the same with and without text."""
    differences = []
    for i in range(12):
        sample = renderer.render('text_removal', 'train', i)
        image, target = decompress(sample.image), decompress(sample.target)
        assert image.shape == target.shape == (*SIZE, 3)
        assert sample.mask.shape == SIZE
        assert set(np.unique(sample.mask)) <= {0, 255}
        text = sample.mask == 0
        difference = np.abs(image.astype(int) - target).mean(2)
        # JPEG spreads the text over its blocks of 16 pixels.
        far = np.ones(SIZE, bool)
        for y, x in np.argwhere(text):
            far[max(y - 40, 0):y + 40, max(x - 40, 0):x + 40] = False
        assert not difference[far].size or difference[far].max() < 12
        if text.any():
            differences.append(difference[text].mean() -
                               difference[~text].mean())
    assert len(differences) > 6 and np.mean(differences) > 5


def test_segmentation(renderer: SampleRenderer) -> None:
    shares = []
    for i in range(12):
        sample = renderer.render('text_segmentation', 'train', i)
        assert decompress(sample.image).shape == (*SIZE, 3)
        assert sample.label.shape == SIZE and sample.label.dtype == np.uint8
        shares.append((sample.label == 100).mean())
    assert 0.005 < np.mean(shares) < 0.4


def test_tampering(renderer: SampleRenderer) -> None:
    """What is forged lies in its boxes; pictures without any are authentic."""
    kinds, authentic = set(), 0
    for i in range(60):
        sample = renderer.render('tampered_text_detection', 'train', i)
        image = decompress(sample.image)
        changed = (sample.forged != sample.host).any(2)
        boxes = np.zeros(changed.shape, bool)
        for forgery in sample.forgeries:
            x1, y1, x2, y2 = forgery.box
            assert changed[y1:y2 + 1, x1:x2 + 1].any()
            boxes[y1:y2 + 1, x1:x2 + 1] = True
            kinds.add(forgery.kind)
        assert not changed[~boxes].any()
        authentic += not sample.forgeries
        for x1, y1, x2, y2, label in sample.boxes:
            assert 0 <= x1 < x2 < image.shape[1]
            assert 0 <= y1 < y2 < image.shape[0]
            assert label in (1, 2)
        assert sum(box[4] == TAMPERED
                   for box in sample.boxes) <= len(sample.forgeries)
    assert kinds == set(KINDS)
    assert 8 < authentic < 45


def test_forged_words_are_as_strong_as_before() -> None:
    """Thin and blurred ones as well; all but what is on a ground of its
    own."""
    renderer = SampleRenderer((160, 160), ['scene', 'document'])
    ratios = []
    for i in range(60):
        sample = renderer.render('tampered_text_detection', 'train', i)
        for forgery in sample.forgeries:
            x1, y1, x2, y2 = forgery.box
            before, after = (
                picture[y1:y2 + 1, x1:x2 + 1].mean(2).std()
                for picture in (sample.host, sample.forged))
            if forgery.kind in ('retype', 'digits', 'generate'):
                ratios.append(after / before)
    assert len(ratios) > 25
    assert np.quantile(ratios, 0.05) > 0.7 and 0.85 < np.median(ratios) < 1.25


def test_most_forgeries_survive_compression() -> None:
    """The difference to the untouched picture, both saved at quality 90."""
    renderer = SampleRenderer((192, 192), ['scene', 'document'])
    clear = total = 0
    for i in range(60):
        sample = renderer.render('tampered_text_detection', 'train', i)
        host = decompress(compress(sample.host, 90)).astype(int)
        forged = decompress(compress(sample.forged, 90)).astype(int)
        noise = np.abs(host - sample.host).mean()
        for forgery in sample.forgeries:
            x1, y1, x2, y2 = forgery.box
            region = np.s_[y1:y2 + 1, x1:x2 + 1]
            difference = np.abs(forged[region] - host[region]).mean()
            clear += difference > 2 * noise
            total += 1
    assert total > 30 and clear / total > 0.5


@pytest.mark.skipif(
    (cv2.__version__, PIL.__version__, faker.VERSION) != VERSIONS,
    reason='the bytes are those of other versions of the libraries')
def test_same_bytes_with_any_version_of_numpy() -> None:
    """Equal on both stacks, which differ in NumPy."""
    renderer = SampleRenderer((96, 96))
    digest = hashlib.sha256()
    for i in range(12):
        digest.update(renderer.render('text_removal', 'train', i).target)
        sample = renderer.render('text_segmentation', 'train', i)
        digest.update(sample.image + sample.label.tobytes())
        sample = renderer.render('tampered_text_detection', 'train', i)
        digest.update(sample.image + repr(sample.boxes).encode())
    assert digest.hexdigest()[:16] == '8433e001de44d688'


def test_samples_depend_on_their_number_only(renderer: SampleRenderer) -> None:
    again = SampleRenderer(SIZE)
    for task in ('text_removal', 'tampered_text_detection'):
        last = again.render(task, 'train', 3)
        assert last.image == renderer.render(task, 'train', 3).image
        assert last.image != renderer.render(task, 'train', 4).image
        assert last.image != renderer.render(task, 'test', 3).image
    other = SampleRenderer(SIZE, seed=1)
    assert other.render('text_removal', 'train',
                        3).image != renderer.render('text_removal', 'train',
                                                    3).image


@pytest.mark.parametrize('locale, old', [('en_US', 'House'), ('de_DE', 'TÜR'),
                                         ('ru_RU', 'дом'), ('zh_CN', '中文网站'),
                                         ('en_US', '12.50')])
def test_forged_words_fit(locale: str, old: str) -> None:
    """A word of the same script and case; digits for digits."""
    texts = Texts(np.random.default_rng(0), locale)
    for _ in range(20):
        new = texts.instead_of(old)
        if old == '12.50':
            assert len(new) == 5 and new[2] == '.'
            assert (new[:2] + new[3:]).isdigit()
            continue
        assert new.isupper() == old.isupper()
        script = unicodedata.name(old[0]).split()[0]
        assert unicodedata.name(new[0]).split()[0] == script
        if locale == 'zh_CN':
            assert len(new) == len(old)


def test_grain_is_as_strong_as_asked() -> None:
    """Brightness and 0.4 of it in each color: 1.077 of the deviation."""
    rng = np.random.default_rng(0)
    config = CameraConfig(noise=0.1, least_noise=0.06)
    strengths = [
        Camera.draw(rng, config, (64, 64)).noise.std() / 1.077
        for _ in range(200)
    ]
    assert 0.057 < min(strengths) < 0.062 and 0.095 < max(strengths) < 0.103
