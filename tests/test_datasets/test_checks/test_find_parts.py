from __future__ import annotations

import pytest
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from tiny_files import write_image, write_text
from tiny_run import CONFIGS

from upocr_mm.datasets.checks import parts_in_folder, parts_of_config


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmseg')


def found(parts) -> set[tuple[str, str, str]]:
    return {(p.name, p.split, type(p.dataset).__name__) for p in parts}


def test_folder_of_data_sets(drawn_data, scut_root):
    roots = dict(
        SCUTEnsTextDataset='TextRemoval/SCUT-EnsText',
        TextSegDataset='TextSegmentation/TextSeg',
        TamperedIC13Dataset='TamperedTextDetection/Tampered-IC13')
    expected = {(root, split, name)
                for name, root in roots.items()
                for split in ('train', 'test')}
    expected.add((roots['TextSegDataset'], 'val', 'TextSegDataset'))
    assert found(parts_in_folder(drawn_data)) == expected
    # one data set itself
    assert found(parts_in_folder(scut_root)) == {('scut', 'train',
                                                  'SCUTEnsTextDataset')}


def test_raw_layout(raw_scut_root):
    assert found(parts_in_folder(raw_scut_root)) == {('raw', 'test',
                                                      'SCUTEnsTextDataset')}


def test_a_lost_folder_does_not_hide_the_data_set(ic13_root):
    for path in (ic13_root / 'train_img').iterdir():
        path.unlink()
    (ic13_root / 'train_img').rmdir()
    part, = parts_in_folder(ic13_root)
    kinds = [p.kind for p in part.dataset.list_checked()[1]]
    assert kinds[0] == 'missing folder'


def test_pairs_and_their_options(tmp_path):
    for folder in 'image', 'label', 'mask':
        write_image(tmp_path / 'mine' / folder / '1.png')
    part, = parts_in_folder(tmp_path / 'mine')
    assert found([part]) == {('mine', 'all', 'PairedFolderDataset')}
    assert 'mask_path' in part.dataset.list_checked()[0][0]
    part, = parts_in_folder(tmp_path, dict(target_type='classes'))
    assert part.dataset.list_checked()[0][0]['label_map'] == {0: 0, 255: 1}
    with pytest.raises(ValueError, match="target_type must be 'image' or"):
        parts_in_folder(tmp_path, dict(target_type='boxes'))
    with pytest.raises(ValueError, match="no option \\['colour'\\]"):
        parts_in_folder(tmp_path, dict(colour='red'))


def test_empty_splits_are_left_out(textseg_root):
    write_text(textseg_root / 'split.json', '{"train": [], "test": ["d"]}')
    assert [p.split for p in parts_in_folder(textseg_root)] == ['test']
    write_text(textseg_root / 'split.json', '{"train"')
    part, = parts_in_folder(textseg_root)
    assert 'must hold a JSON object' in part.dataset.list_checked(
    )[1][0].detail


def test_no_data_set(tmp_path):
    (tmp_path / 'a' / 'b').mkdir(parents=True)
    with pytest.raises(ValueError, match='holds no data set of a known lay'):
        parts_in_folder(tmp_path)


def test_configs():
    cfg = Config.fromfile(CONFIGS / 'upocr' /
                          'upocr_swinv2-s_2xb24-80k_joint-512x512.py')
    parts, notes = parts_of_config(cfg)
    tasks = ('text_removal', 'text_segmentation', 'tampered_text_detection')
    assert [(p.split, p.name) for p in parts] == [
        (split, task) for split in ('train', 'test') for task in tasks
    ]
    assert parts[1].dataset.splits == ['train', 'val']
    assert notes == [
        f'val: {name} is that of test'
        for name in ('SCUTEnsTextDataset', 'TextSegDataset',
                     'TamperedIC13Dataset')
    ]
    assert not any(p.turns_images for p in parts)
    cfg.train_dataloader.dataset.datasets.text_removal.pipeline[
        0].color_type = 'color'
    cfg.test_dataloader.dataset.pipeline[0].color_type = 'color'
    assert [p.turns_images for p in parts_of_config(cfg)[0]
            ] == [True, False, False, True, True, True]


def test_one_disabled_task_and_other_wrappers(scut_root):
    own = dict(type='SCUTEnsTextDataset', data_root=str(scut_root))
    cfg = ConfigDict(
        train_dataloader=dict(
            dataset=dict(
                type='MultiTaskDataset',
                datasets=dict(text_removal=own, text_segmentation=None))),
        val_dataloader=dict(
            dataset=dict(type='RepeatDataset', times=2, dataset=own)),
        test_dataloader=dict(
            dataset=dict(
                type='ConcatDataset',
                datasets=[own, dict(type='BaseSegDataset')])))
    parts, notes = parts_of_config(cfg)
    assert [p.split for p in parts] == ['train', 'test']
    assert notes == [
        'val: SCUTEnsTextDataset is that of test',
        'test: BaseSegDataset reads no pairs of files, it is not checked'
    ]


@pytest.mark.parametrize('dataset,message', [
    (dict(type='BaseSegDataset'), 'no data set of pairs of files'),
    (dict(type='NoSuchDataset'), "registered class, got 'NoSuchDataset'"),
    (dict(type='SCUTEnsTextDataset'), 'SCUTEnsTextDataset cannot be built: '),
])
def test_configs_with_nothing_to_check(dataset, message):
    cfg = ConfigDict(test_dataloader=dict(dataset=dataset))
    with pytest.raises(ValueError, match=message):
        parts_of_config(cfg)
