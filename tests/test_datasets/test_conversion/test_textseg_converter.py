from __future__ import annotations
import json
import tarfile
from pathlib import Path

import pytest
from tiny_files import write_gray, write_text

from upocr_mm.datasets import TextSegDataset
from upocr_mm.datasets.annotation_files import read_class_values
from upocr_mm.datasets.conversion import TextSegConverter, convert


def test_takes_what_the_split_names(textseg_download: Path,
                                    tmp_path: Path) -> None:
    dst = tmp_path / 'out'
    result = convert(TextSegConverter(), [textseg_download], dst)
    assert result == (dict(train=2, val=1, test=1), 4, 0, [])
    names = [f.name for f in sorted((dst / 'image').iterdir())]
    assert names == ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg']
    assert json.loads((dst / 'split.json').read_text())['val'] == ['c']
    assert len(TextSegDataset(str(dst), ['train', 'val'])) == 3
    assert convert(TextSegConverter(), [textseg_download], dst).written == 0


@pytest.mark.parametrize('version, value', [(1, 200), (2, 100)])
def test_archives_with_two_versions_of_the_labels(textseg_download: Path,
                                                  tmp_path: Path, version: int,
                                                  value: int) -> None:
    """As the authors give them: one .tar.gz for each folder."""
    source = tmp_path / 'archives'
    source.mkdir()
    # of the older labels, the folder inside may have the name of the new ones
    for name, inner in (('image', 'image'), ('semantic_label',
                                             'semantic_label'),
                        ('semantic_label_v1', 'semantic_label')):
        with tarfile.open(source / f'{name}.tar.gz', 'w:gz') as archive:
            archive.add(textseg_download / name, inner)
    (textseg_download / 'split.json').rename(source / 'split.json')
    dst = tmp_path / 'out'
    result = convert(TextSegConverter(label_version=version), [source], dst)
    assert result.written == 4 and not result.problems
    values = read_class_values(str(dst / 'semantic_label/b_maskfg.png'))
    assert set(values[:, 10:21].ravel()) == {value}
    assert sorted(f.name for f in dst.iterdir()) == [
        'image', 'semantic_label', 'split.json'
    ]


def test_what_is_missing_is_named(textseg_download: Path,
                                  tmp_path: Path) -> None:
    (textseg_download / 'image/b.jpg').unlink()
    (textseg_download / 'semantic_label/c_maskfg.png').unlink()
    result = convert(TextSegConverter(), [textseg_download], tmp_path / 'out')
    details = [p.detail for p in result.problems]
    assert details == [
        'train: no image/b.jpg', 'val: no semantic_label/c_maskfg.png',
        'train: 1 of 2 images', 'val: 0 of 1 images'
    ]


def test_illegal_values(textseg_download: Path, tmp_path: Path) -> None:
    label = textseg_download / 'semantic_label/d_maskfg.png'
    values = read_class_values(str(label)).copy()
    values[3, 4] = 7
    write_gray(label, values)
    result = convert(TextSegConverter(), [textseg_download], tmp_path / 'out')
    assert f'{label}: value(s) 7 in 1 pixels' in result.problems[0].detail
    assert result.found['test'] == 0
    assert not (tmp_path / 'out/image/d.jpg').exists()


@pytest.mark.parametrize('text, message', [
    ('{', 'must hold a JSON object with the lists train, val, test'),
    ('[]', 'must hold a JSON object'),
    ('{"train": [], "val": []}', "got KeyError: 'test'"),
    ('{"train": [1], "val": [], "test": []}', 'names of images, got 1'),
    ('{"train": ["../a"], "val": [], "test": []}', "images, got '../a'"),
])
def test_bad_split_file(textseg_download: Path, tmp_path: Path, text: str,
                        message: str) -> None:
    write_text(textseg_download / 'split.json', text)
    with pytest.raises(ValueError, match=message) as info:
        convert(TextSegConverter(), [textseg_download], tmp_path / 'out')
    assert str(textseg_download / 'split.json') in str(info.value)


def test_no_split_file_and_repeated_names(textseg_download: Path,
                                          tmp_path: Path) -> None:
    splits = dict(train=['a', 'b'], val=['c'], test=['d', 'a'])
    write_text(textseg_download / 'split.json', json.dumps(splits))
    result = convert(TextSegConverter(), [textseg_download], tmp_path / 'out')
    assert result.problems[0].kind.startswith('image named more than once')
    assert result.problems[0].detail.endswith('split.json: a')
    (textseg_download / 'split.json').unlink()
    result = convert(TextSegConverter(), [textseg_download], tmp_path / 'two')
    assert result.problems[0].detail == 'split.json'
    assert not (tmp_path / 'two').exists()
    with pytest.raises(ValueError, match='must be 1 or 2, got 3'):
        TextSegConverter(label_version=3)
