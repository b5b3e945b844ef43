import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from upocr_mm.synthesis import dataset_synthesis, synthesize_dataset
from upocr_mm.synthesis.removal_writer import RemovalWriter

SMALL = dict(
    num_train=2, num_test=2, num_val=1, size=(64, 80), presets='simple')
TASKS = {
    'text_removal': 'TextRemoval/SCUT-EnsText',
    'text_segmentation': 'TextSegmentation/TextSeg',
    'tampered_text_detection': 'TamperedTextDetection/Tampered-IC13'
}


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(Path(folder).rglob('*')) if path.is_file()
    }


@pytest.fixture(scope='module')
def synthetic(tmp_path_factory):
    out = tmp_path_factory.mktemp('synthetic') / 'data'
    return out, synthesize_dataset(out, **SMALL)


def test_returns_the_root_of_each_task(synthetic):
    out, roots = synthetic
    assert roots == {task: out / root for task, root in TASKS.items()}


def test_layouts(synthetic):
    out, _ = synthetic
    files = set(contents(out))
    expected = {f'{root}/synthetic.json' for root in TASKS.values()}
    for split in ('train', 'test'):
        for n in (1, 2):
            root = f'{TASKS["text_removal"]}/{split}'
            expected |= {
                f'{root}/{folder}/img_{n}.jpg'
                for folder in ('image', 'label')
            }
            expected.add(f'{root}/mask/img_{n}.png')
            expected |= {
                f'{root}/{folder}/img_{n}.txt'
                for folder in ('all_gts', 'line_gts')
            }
            root = TASKS['tampered_text_detection']
            expected.add(f'{root}/{split}_img/img_{n}.jpg')
            expected.add(f'{root}/{split}_gt/img_{n}.txt')
    root = TASKS['text_segmentation']
    ids = dict(
        train=['train_00001', 'train_00002'],
        val=['val_00001'],
        test=['test_00001', 'test_00002'])
    for name in sum(ids.values(), []):
        expected.add(f'{root}/image/{name}.jpg')
        expected.add(f'{root}/semantic_label/{name}_maskfg.png')
    expected.add(f'{root}/split.json')
    assert files == expected
    assert json.loads((out / root / 'split.json').read_text()) == ids


def test_every_image_has_the_size(synthetic):
    out, _ = synthetic
    images = [p for p in out.rglob('*') if p.suffix in ('.jpg', '.png')]
    assert len(images) == 12 + 10 + 4
    for path in images:
        shape = cv2.imread(str(path)).shape
        if 'Tampered' in str(path):  # cropped after the forgery
            assert 56 < shape[0] <= 64 and 72 < shape[1] <= 80, path
        else:
            assert shape == (64, 80, 3), path


def test_same_seed_same_bytes_with_any_number_of_workers(synthetic, tmp_path):
    synthesize_dataset(tmp_path / 'again', num_workers=2, **SMALL)
    assert contents(tmp_path / 'again') == contents(synthetic[0])


def test_other_seed_other_images(synthetic, tmp_path):
    synthesize_dataset(tmp_path, seed=1, **SMALL)
    first, second = contents(synthetic[0]), contents(tmp_path)
    assert first.keys() == second.keys()
    for name in first:
        if name.endswith('.jpg'):
            assert first[name] != second[name], name


def test_images_of_a_data_set_differ(synthetic):
    pixels = [
        data for name, data in contents(synthetic[0]).items()
        if '/image/' in name or '_img/' in name
    ]
    assert len(pixels) == 13 and len(set(pixels)) == 13


def test_test_split_is_independent_of_the_other_splits(synthetic, tmp_path):
    synthesize_dataset(tmp_path, **dict(SMALL, num_train=1, num_val=0))
    first, second = contents(synthetic[0]), contents(tmp_path)
    common = [name for name in second if name.endswith(('.jpg', '.png'))]
    assert len(common) == len(second) - 4 - 9  # records, split.json, texts
    assert all(first[name] == second[name] for name in common)


def test_some_tasks_only_and_then_another(tmp_path):
    roots = synthesize_dataset(tmp_path, tasks=['text_removal'], **SMALL)
    assert list(roots) == ['text_removal']
    assert [p.name for p in tmp_path.iterdir()] == ['TextRemoval']
    synthesize_dataset(tmp_path, tasks=['text_segmentation'], **SMALL)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        'TextRemoval', 'TextSegmentation'
    ]


def test_refuses_what_is_there_and_overwrites_on_demand(tmp_path):
    args = dict(SMALL, tasks=['text_removal'])
    synthesize_dataset(tmp_path, **dict(args, num_train=3))
    before = contents(tmp_path)
    with pytest.raises(FileExistsError, match='SCUT-EnsText.*overwrite'):
        synthesize_dataset(tmp_path, seed=1, **args)
    assert contents(tmp_path) == before
    synthesize_dataset(tmp_path, seed=1, overwrite=True, **args)
    after = contents(tmp_path)
    assert len(after) == len(before) - 5  # the third training image is gone
    name = f'{TASKS["text_removal"]}/train/image/img_1.jpg'
    assert after[name] != before[name]


def test_never_replaces_data_it_has_not_made(tmp_path):
    real = tmp_path / TASKS['text_segmentation'] / 'image' / 'a00001.jpg'
    real.parent.mkdir(parents=True)
    real.write_bytes(b'precious')
    with pytest.raises(FileExistsError, match='was not made'):
        synthesize_dataset(tmp_path, overwrite=True, **SMALL)
    assert contents(tmp_path) == {str(real.relative_to(tmp_path)): b'precious'}


def test_writes_into_empty_folders(tmp_path):
    (tmp_path / TASKS['text_removal']).mkdir(parents=True)
    roots = synthesize_dataset(tmp_path, tasks=['text_removal'], **SMALL)
    assert (roots['text_removal'] / 'test/image/img_2.jpg').is_file()


@pytest.mark.parametrize('error', [KeyboardInterrupt, OSError])
def test_an_interrupt_leaves_nothing(tmp_path, monkeypatch, error):
    write = RemovalWriter.write

    def interrupted(self, root, split, index, sample):
        if split == 'test':
            raise error
        write(self, root, split, index, sample)

    monkeypatch.setattr(RemovalWriter, 'write', interrupted)
    with pytest.raises(error):
        synthesize_dataset(tmp_path / 'new' / 'data', **SMALL)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_removed(tmp_path):
    left = tmp_path / '.upocr_mm-abcdefgh'
    (left / 'new').mkdir(parents=True)
    synthesize_dataset(
        tmp_path, num_train=1, num_test=1, size=(48, 48), tasks='text_removal')
    assert [path.name for path in tmp_path.iterdir()] == ['TextRemoval']


def test_an_interrupted_overwrite_keeps_the_old_data(tmp_path, monkeypatch):
    args = dict(SMALL, tasks=['text_removal'])
    synthesize_dataset(tmp_path, **args)
    before = contents(tmp_path)

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(RemovalWriter, 'write', interrupted)
    with pytest.raises(KeyboardInterrupt):
        synthesize_dataset(tmp_path, seed=1, overwrite=True, **args)
    assert contents(tmp_path) == before


def test_an_error_in_a_worker_reaches_the_caller(tmp_path):
    # The header of this image is whole, its pixels are not.
    photo = np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)
    data = cv2.imencode('.bmp', photo)[1].tobytes()
    photos = tmp_path / 'photos'
    photos.mkdir()
    (photos / 'cut.bmp').write_bytes(data[:len(data) // 2])
    with pytest.raises(ValueError, match='cut.bmp'):
        synthesize_dataset(
            tmp_path / 'out', background_dir=photos, num_workers=2, **SMALL)
    assert not (tmp_path / 'out').exists()


def test_record_says_how_it_was_made(synthetic):
    record = json.loads((synthetic[1]['text_segmentation'] /
                         dataset_synthesis.RECORD).read_text())
    assert record['seed'] == 0 and record['size'] == [64, 80]
    assert (record['train'], record['val'], record['test']) == (2, 1, 2)


@pytest.mark.parametrize('argument, value, error', [
    ('num_train', 0, ValueError),
    ('num_test', -3, ValueError),
    ('num_val', -1, ValueError),
    ('num_workers', 0, ValueError),
    ('seed', -1, ValueError),
    ('seed', 1.5, TypeError),
    ('num_train', True, TypeError),
    ('size', (16, 64), ValueError),
    ('size', (64, 5000), ValueError),
    ('size', (64., 64), ValueError),
    ('size', 64, ValueError),
    ('size', (64, 64, 3), ValueError),
    ('tasks', ['text_spotting'], ValueError),
    ('tasks', [], ValueError),
    ('tasks', ['text_removal', 'text_removal'], ValueError),
])
def test_bad_arguments_are_named_before_anything_is_made(
        tmp_path, argument, value, error):
    with pytest.raises(error, match=argument) as info:
        synthesize_dataset(tmp_path / 'out', **{argument: value})
    shown = value[0] if argument == 'tasks' and value else value
    assert str(shown) in str(info.value)
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('size', [(32, 32), (32, 200), (200, 32)])
def test_extreme_sizes_have_text(tmp_path, size):
    roots = synthesize_dataset(
        tmp_path,
        num_train=6,
        num_test=1,
        size=size,
        presets='simple',
        empty=0.,
        layouts=dict(word=1))
    files = [
        *(roots['text_removal'] / 'train/all_gts').iterdir(),
        *(roots['tampered_text_detection'] / 'train_gt').iterdir()
    ]
    assert sum(bool(path.read_text()) for path in files) >= 9


def test_unknown_presets_and_fields(tmp_path):
    for argument, message in ((dict(presets='movie'), "'simple'.*'movie'"),
                              (dict(colour=1), "'colour' is no field"),
                              (dict(layouts=dict(comic=1)), "'comic'"),
                              (dict(locales=dict(zh_CN=1)), 'no font draws')):
        with pytest.raises(ValueError, match=message):
            synthesize_dataset(tmp_path / 'out', **{**SMALL, **argument})
    assert not (tmp_path / 'out').exists()
