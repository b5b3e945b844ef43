"""Pixels are taken as stored: an EXIF orientation turns no image alone."""
from __future__ import annotations
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from PIL import Image

from upocr_mm.datasets import MultiTaskDataset, base_paired_dataset
from upocr_mm.datasets.data_check import DataCheckError, turns_images

CONFIGS = Path(__file__).parents[2] / 'configs'
SIDE = 96
LOAD = dict(type='LoadImageFromFile', color_type='color_ignore_orientation')
TURNING = dict(type='LoadImageFromFile')
PACK = dict(type='PackImageToImageInputs')
TRAIN = [
    LOAD,
    dict(type='LoadTargets'),
    dict(type='PairedRandomCrop', scale=(0.7, 1.0)),
    dict(type='PairedRandomFlip', prob=0.5),
    dict(type='PairedRandomRotate', prob=0.5),
    dict(type='PairedResize', size=(64, 64)),
    PACK,
]
TEST = [
    LOAD,
    dict(type='PairedResize', size=(64, 64)),
    dict(type='LoadTargets'),
    PACK,
]


@pytest.fixture(autouse=True)
def scope() -> None:
    init_default_scope('mmseg')


def save(path: Path, picture: np.ndarray, orientation: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(picture).save(path, quality=95, exif=exif)


@pytest.fixture
def picture() -> np.ndarray:
    """A white corner on black, RGB; a square, so that no size tells a turn."""
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[:40, :60] = 255
    return picture


def write_data(root: Path, picture: np.ndarray, orientation: int) -> dict:
    """One sample, text where the picture is white; the config of it."""
    for folder in ('image', 'label'):
        save(root / f'test/{folder}/1.jpg', picture, orientation)
    save(root / 'test/mask/1.jpg', 255 - picture[..., 0], orientation)
    return dict(type='SCUTEnsTextDataset', data_root=str(root), split='test')


@pytest.mark.parametrize('orientation', range(1, 9))
def test_picture_and_targets_stay_in_register(orientation: int, tmp_path: Path,
                                              picture: np.ndarray) -> None:
    data = write_data(tmp_path, picture, orientation)
    dataset = MultiTaskDataset(
        dict(text_removal=dict(data, pipeline=TRAIN[:4])), TRAIN[4:])
    for seed in range(4):
        np.random.seed(seed)
        packed = dataset[0]
        sample = packed['data_samples']
        text = sample.gt_text_mask.data[0] == 1
        assert 0.05 < text.float().mean() < 0.6
        for image in (packed['inputs'], sample.gt_image.data):
            white = image.float().mean(0) > 127
            assert (white == text).float().mean() > 0.98
    dataset = MultiTaskDataset(dict(text_removal=data), TEST)
    packed = dataset[0]
    stored = torch.from_numpy(picture).permute(2, 0, 1) > 127
    target = packed['data_samples'].gt_image.data > 127
    assert torch.equal(target, stored)
    # the input, 64 x 64, has the corner where the file has it
    assert (packed['inputs'][:, :25, :38] > 127).all()
    assert (packed['inputs'][:, 28:] < 127).all()
    assert (packed['inputs'][:, :, 42:] < 127).all()


def test_the_check_names_the_files(tmp_path: Path, picture: np.ndarray,
                                   monkeypatch) -> None:
    messages = []
    monkeypatch.setattr(base_paired_dataset, 'print_log',
                        lambda message, **kwargs: messages.append(message))
    data = write_data(tmp_path, picture, 6)
    MultiTaskDataset(dict(text_removal=dict(data, pipeline=TRAIN)))
    message, = messages
    assert '2 file(s) is ignored' in message and 'SCUTEnsText' in message
    for folder in ('image', 'label'):
        assert f'{folder}/1.jpg: orientation 6' in message
    messages.clear()
    write_data(tmp_path, picture, 1)
    MultiTaskDataset(dict(text_removal=dict(data, pipeline=TRAIN)))
    assert not messages


@pytest.mark.parametrize('shared', [False, True])
def test_a_pipeline_that_turns_is_refused(shared: bool, tmp_path: Path,
                                          picture: np.ndarray) -> None:
    """Whether the data set has it or all tasks share it."""
    pipeline = [TURNING, *TEST[1:]]
    own, common = ([], pipeline) if shared else (pipeline, [])
    data = dict(write_data(tmp_path, picture, 6), pipeline=own)
    with pytest.raises(DataCheckError) as error:
        MultiTaskDataset(dict(text_removal=data), common)
    for part in ('2 x image with an EXIF orientation', 'SCUTEnsTextDataset',
                 "color_type='color_ignore_orientation'",
                 'test/image/1.jpg: orientation 6', 'test/label/1.jpg'):
        assert part in str(error.value)
    # nothing is wrong with it as long as no file has such an entry
    write_data(tmp_path, picture, 1)
    assert len(MultiTaskDataset(dict(text_removal=data), common)) == 1


@pytest.mark.parametrize('step, turns', [
    (TURNING, True),
    (dict(TURNING, imdecode_backend='pillow'), True),
    (dict(TURNING, color_type='grayscale'), True),
    (dict(TURNING, color_type='unchanged'), False),
    (dict(TURNING, imdecode_backend='tifffile'), False),
    (LOAD, False),
    (dict(type='LoadTargets'), False),
])
def test_which_steps_turn(step: dict, turns: bool) -> None:
    assert turns_images(Compose([step])) == turns


def test_configurations_ignore_it() -> None:
    steps = []
    for file in CONFIGS.rglob('*.py'):
        steps += re.findall(r"type='LoadImageFromFile',?\s*([^)]*)\)",
                            file.read_text())
    assert len(steps) >= 7
    assert {step.strip(' ,')
            for step in steps} == {"color_type='color_ignore_orientation'"}
