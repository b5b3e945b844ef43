"""What a training meets: data sets, pipelines, batches."""
from __future__ import annotations

import numpy as np
import pytest
from harness import Case, params
from hostile_data import (cut, dangling, fifo, folder_at, ic13, made, mask,
                          noise, nothing, overwritten, paired, picture, remove,
                          scut, text, textseg)
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, MODELS, TRANSFORMS
from PIL import Image

import upocr_mm  # noqa: F401
from upocr_mm.datasets.data_check import DataCheckError

LOAD = dict(type='LoadImageFromFile', color_type='color_ignore_orientation')
TURNING = dict(type='LoadImageFromFile')
PACK = dict(type='PackImageToImageInputs')
PIPELINE = [LOAD, dict(type='LoadTargets'), PACK]
# mmengine collects garbage when it serializes, which takes a second.
QUICK = dict(serialize_data=False)
SCUT = dict(type='SCUTEnsTextDataset', data_root='data')
TEXTSEG = dict(type='TextSegDataset', data_root='data')
IC13 = dict(type='TamperedIC13Dataset', data_root='data')
PAIRED = dict(
    type='PairedFolderDataset',
    task='text_removal',
    data_root='data',
    data_prefix=dict(img_path='image', target_path='label'))
IMAGE = 'data/train/image/0.png'


def samples(config: dict, pipeline=PIPELINE):
    """Build a data set and load all of it."""

    def run(folder):
        init_default_scope('mmseg')
        dataset = DATASETS.build(dict(QUICK, pipeline=pipeline, **config))
        return [dataset[i] for i in range(len(dataset))] and len(dataset)

    return run


def batch(config: dict, pipeline=PIPELINE):
    """Build a data set and a batch of it as the model gets it."""

    def run(folder):
        init_default_scope('mmseg')
        dataset = DATASETS.build(dict(QUICK, pipeline=pipeline, **config))
        preprocessor = MODELS.build(dict(type='ImageToImageDataPreprocessor'))
        return preprocessor(pseudo_collate([dataset[0]]))['inputs'].shape

    return run


def joint(datasets: object, pipeline=PIPELINE):
    """Build a data set of several tasks."""

    def run(folder):
        init_default_scope('mmseg')
        dataset = DATASETS.build(
            dict(
                type='MultiTaskDataset', datasets=datasets, pipeline=pipeline))
        return [dataset[i] for i in range(len(dataset))] and len(dataset)

    return run


def turned(path: str):
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture(path, noise(), exif=exif)


BAD = dict(raises=DataCheckError)
WRONG = dict(raises=(ValueError, TypeError))
exif = made(scut, remove(IMAGE), turned(IMAGE[:-3] + 'jpg'))
big = made(scut, remove(IMAGE),
           picture(IMAGE[:-3] + 'jpg', noise(0, (200, 200))),
           picture('data/train/label/0.png', noise(1, (200, 200))),
           picture('data/train/mask/0.png', mask(0, (200, 200))),
           overwritten(IMAGE[:-3] + 'jpg'))

FILES = [
    Case('good files', scut, samples(SCUT), '2'),
    Case('no folder', nothing, samples(SCUT), 'missing folder.*data/train',
         **BAD),
    Case(
        'empty folders',
        made(*(folder_at(f'data/train/{f}')
               for f in ('image', 'label', 'mask'))), samples(SCUT),
        'empty data set', **BAD),
    Case('a file where the folder should be',
         made(folder_at('data/train'), text('data/train/image', '')),
         samples(SCUT), 'missing folder.*data/train/image', **BAD),
    Case('a file as the root', text('data', ''), samples(SCUT),
         'missing folder', **BAD),
    Case('a PNG that is cut off', made(scut, cut(IMAGE)), samples(SCUT),
         'unreadable file.*' + IMAGE, **BAD),
    Case('a pipe', made(scut, fifo(IMAGE)), samples(SCUT), 'no regular file',
         **BAD),
    Case('a pipe as boxes', made(ic13, fifo('data/train_gt/0.txt')),
         samples(IC13), 'no regular file', **BAD),
    Case('a link to nothing', made(scut, dangling(IMAGE)), samples(SCUT),
         'no regular file', **BAD),
    Case('a gif pair', made(paired, picture('data/image/7.gif', noise())),
         samples(PAIRED), 'picture of a kind that is not read.*7.gif', **BAD),
    Case('a target without an image', made(paired, remove('data/image/0.png')),
         samples(PAIRED), 'target without an image.*label/0.png.*1$'),
    Case('a digit separator',
         made(ic13, text('data/train_gt/0.txt', '1_0,3,20,8,1')),
         samples(IC13), 'illegal line.*1_0', **BAD),
    Case('an id twice',
         made(textseg, text('data/split.json', '{"train": ["a", "a"]}')),
         samples(TEXTSEG), 'id named more than once', **BAD),
    Case(
        'an id in training and test',
        made(textseg,
             text('data/split.json', '{"train": ["a"], "test": ["a"]}')),
        samples(TEXTSEG), 'id named more than once.*1$'),
    Case('half-written JSON', made(textseg, text('data/split.json', '{"tr')),
         samples(TEXTSEG), 'must hold a JSON object', **BAD),
    Case('no JSON', made(textseg, remove('data/split.json')), samples(TEXTSEG),
         'missing file.*split.json', **BAD),
    Case('an unknown split', textseg, samples(dict(TEXTSEG, split='dev')),
         r"no split \['dev'\], allowed: \['test', 'train', 'val'\]", **BAD),
    Case(
        'inverted masks',
        made(
            scut,
            *(picture(f'data/train/mask/{i}.png', 255 - mask())
              for i in (0, 1))), samples(SCUT),
        'more text than background.*2$'),
    Case('a JPEG damaged in its middle', big, samples(SCUT),
         'damaged JPEG.*image/0.jpg.*2$'),
    Case('an orientation that the pipeline ignores', exif, samples(SCUT),
         'EXIF orientation of 1 file.*is ignored.*2$'),
    Case('an orientation that the pipeline obeys', exif,
         samples(SCUT, [TURNING, *PIPELINE[1:]]),
         'EXIF orientation, by which LoadImageFromFile turns', **BAD),
    Case('the same, unchecked', made(scut),
         samples(dict(SCUT, check_files=False), [TURNING, *PIPELINE[1:]]),
         'files are not checked.*color_ignore_orientation'),
    Case(
        'the same, unchecked, of several tasks', made(scut),
        joint(
            dict(text_removal=dict(SCUT, check_files=False, **QUICK)),
            [TURNING, *PIPELINE[1:]]),
        'not checked.*color_ignore_orientation'),
    Case('a target of another size',
         made(scut, picture('data/train/label/0.png', noise(0, (9, 9)))),
         samples(SCUT), 'target of another size', **BAD),
    Case(
        'small pictures',
        made(
            paired,
            *(picture(f'data/{f}/0.png',
                      noise(0, (3, 3))) for f in ('image', 'label'))),
        samples(PAIRED), 'too small for the scores.*2$'),
    Case('a class without an entry',
         made(paired, picture('data/label/0.png', mask(7))),
         samples(dict(PAIRED, target_type='classes')), 'illegal value', **BAD),
]

ARGUMENTS = [
    Case('a type of target that is none', paired,
         samples(dict(PAIRED, target_type='mask')), "must be 'image' or",
         **WRONG),
    Case('a value of text that is none', paired,
         samples(dict(PAIRED, mask_text_value=1)), 'must be 0 or 255, got 1',
         **WRONG),
    Case('folders without a target', paired,
         samples(dict(PAIRED, data_prefix=dict(img_path='image'))),
         'must have the keys img_path and target_path', **WRONG),
    Case('a class of 256', paired,
         samples(dict(PAIRED, target_type='classes', label_map={0: 256})),
         'label_map must map values of 0 to 255', **WRONG),
    Case('a label map of words', paired,
         samples(dict(PAIRED, target_type='classes', label_map={'text': 1})),
         'label_map must map values', **WRONG),
    Case('a label map for pictures', paired,
         samples(dict(PAIRED, label_map={0: 0})), 'label_map is for', **WRONG),
    Case(
        'keys of a label map as strings',
        made(paired, picture('data/label/0.png', mask(255)),
             picture('data/label/1.png', mask(255))),
        samples(
            dict(PAIRED, target_type='classes', label_map={
                '0': 0,
                '255': 1
            })), '2'),
    Case('no pipeline', paired, batch(PAIRED, []),
         "batch has no 'inputs'.*PackImageToImageInputs", **WRONG),
    Case('a pipeline that does not pack', paired, batch(PAIRED, PIPELINE[:2]),
         "batch has no 'inputs'", **WRONG),
    Case('a batch of it', paired, batch(PAIRED), r'1, 3, 24, 32'),
    Case('a list of data sets', scut, joint([SCUT]), 'must be a dict',
         **WRONG),
    Case('no task', scut, joint(dict(text_removal=None)),
         'must hold the data set of one task', **WRONG),
    Case('a data set of another task', scut, joint(dict(deblurring=SCUT)),
         "for the task 'text_removal'", **WRONG),
    Case('a task that is disabled', scut,
         joint(dict(text_removal=dict(SCUT, **QUICK), text_segmentation=None)),
         '2'),
    Case('a name as a data set', scut, joint(dict(text_removal='scut')),
         'must be a dict, a BaseDataset or None', **WRONG),
]


def step(*configs: dict):
    """Apply transforms to a picture with its targets."""

    def run(folder):
        init_default_scope('mmseg')
        np.random.seed(0)
        results = dict(
            img=noise(),
            img_path='x.png',
            seg_fields=['gt_text_mask'],
            gt_image=noise(1),
            gt_text_mask=mask(255) // 255)
        return Compose([TRANSFORMS.build(c)
                        for c in configs])(results)['img'].shape

    return run


def refused(name: str, says: str, **config: object) -> Case:
    return Case(name, nothing, step(config), says, **WRONG)


SIZE = r'size of PairedResize must be \(height, width\), two integers'
TRANSFORM = [
    *(refused(f'a size of {size}', SIZE, type='PairedResize', size=size)
      for size in (128, (128, ), (0, 128), (-1, 8), (8., 8.), '88', None,
                   (8, 8, 8))),
    Case('a size as a list', nothing,
         step(dict(type='PairedResize', size=[8, 9])), r'\(8, 9, 3\)'),
    *(refused(
        f'a crop of {scale}',
        r'scale must be \(low, high\)',
        type='PairedRandomCrop',
        scale=scale)
      for scale in (0.5, (0, 1), (0.9, 0.5), (0.5, 1.5), (float('nan'), 1))),
    *(refused(
        f'a flip by {prob}',
        'prob must be from 0 to 1',
        type='PairedRandomFlip',
        prob=prob) for prob in (1.5, -0.1, float('nan'), '0.5', [0.5, 0.5])),
    refused(
        'an unknown direction',
        'direction must be among',
        type='PairedRandomFlip',
        prob=0.5,
        direction='up'),
    refused(
        'a turn by 0 degrees',
        'max_angle must be in',
        max_angle=0,
        type='PairedRandomRotate'),
    refused(
        'a turn of probability 2',
        'prob must be',
        prob=2,
        type='PairedRandomRotate'),
    refused(
        'an unknown interpolation',
        'interpolation must be one of',
        type='PairedRandomRotate',
        interpolation='cubic'),
    refused(
        'an unknown degradation',
        'kind must be one of',
        type='DegradeImage',
        kind='fog',
        amount=1),
    refused(
        'a JPEG quality of 0',
        'amount of jpeg must be',
        type='DegradeImage',
        kind='jpeg',
        amount=0),
    Case('a flip of probability 1', nothing,
         step(dict(type='PairedRandomFlip', prob=1)), r'\(24, 32, 3\)'),
]


@pytest.mark.parametrize('case', params(FILES))
def test_files(case, hostile):
    hostile(case)


@pytest.mark.parametrize('case', params(ARGUMENTS))
def test_arguments(case, hostile):
    hostile(case)


@pytest.mark.parametrize('case', params(TRANSFORM))
def test_transforms(case, hostile):
    hostile(case)
