from __future__ import annotations

import numpy as np
import pytest
from tiny_files import write_image

from upocr_mm.datasets.checks.sample_statistics import measure_sample
from upocr_mm.datasets.paired_folder import PairedFolderDataset
from upocr_mm.datasets.scut_enstext import SCUTEnsTextDataset
from upocr_mm.datasets.tampered_ic13 import TamperedIC13Dataset
from upocr_mm.datasets.textseg import TextSegDataset


def first_sample(dataset):
    samples, problems = dataset.list_checked()
    assert not problems
    return measure_sample(samples[0])


def test_text_mask(scut_root):
    """Text in 10 rows and 25 columns of 40x60."""
    found = first_sample(SCUTEnsTextDataset(str(scut_root), lazy_init=True))
    assert found.shape == (40, 60)
    assert found.text_share == pytest.approx(250 / 2400)
    assert found.region_kind == 'connected'
    assert found.text_heights.tolist() == [10]
    assert found.class_pixels is None


def test_polygons(raw_scut_root):
    """A pentagon 11 pixels wide; its height is not the shorter side."""
    found = first_sample(
        SCUTEnsTextDataset(str(raw_scut_root), 'test', lazy_init=True))
    assert found.region_kind == 'polygons'
    assert found.text_heights.tolist() == pytest.approx([11])


def test_a_rotated_polygon_is_as_high_as_its_text(tmp_path, raw_scut_root):
    """A bar of 20 x 5 on its diagonal."""
    along = np.array([1, 1]) / np.sqrt(2)
    across = np.array([-1, 1]) / np.sqrt(2)
    corners = [(0, 0), 20 * along, 20 * along + 5 * across, 5 * across]
    sample = dict(
        img_path=str(raw_scut_root / 'test/all_images/1.jpg'),
        polygons=[[float(v) for c in corners for v in np.add(c, 10)]])
    found = measure_sample(sample)
    assert found.text_heights.tolist() == pytest.approx([6], abs=0.01)


def test_class_map(textseg_root):
    """10 columns of text, 10 of effect (background), 10 ignored, of 60."""
    found = first_sample(TextSegDataset(str(textseg_root), lazy_init=True))
    assert found.class_pixels == {0: 1600, 1: 400, 255: 400}
    assert found.text_share == pytest.approx(400 / 2000)
    assert found.text_heights.tolist() == [40]


def test_boxes(ic13_root):
    """9x6 real pixels, of which 12 lie under 13x8 tampered ones."""
    found = first_sample(TamperedIC13Dataset(str(ic13_root), lazy_init=True))
    assert found.class_pixels == {0: 2400 - 146, 1: 42, 2: 104}
    assert found.text_share == pytest.approx(146 / 2400)
    assert found.region_kind == 'boxes'
    assert found.text_heights.tolist() == [6, 8]


def test_pairs_without_mask(tmp_path):
    for folder in 'image', 'label':
        write_image(tmp_path / folder / '1.png')
    found = first_sample(
        PairedFolderDataset('deblurring', str(tmp_path), lazy_init=True))
    assert found.text_share is None and found.region_kind is None
    assert found.text_heights.size == 0 and found.class_pixels is None
