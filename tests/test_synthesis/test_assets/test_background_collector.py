from __future__ import annotations
from pathlib import Path

import numpy as np
import pytest
from asset_files import COPYRIGHT, drawing, photo
from PIL import Image

from upocr_mm.synthesis.assets.background_collector import (
    BackgroundCollector, photos_of)
from upocr_mm.synthesis.assets.debian_package import PackagedFile


def files_in(root: Path) -> list[PackagedFile]:
    return [
        PackagedFile(path.relative_to(root).as_posix(), path)
        for path in sorted(root.rglob('*')) if path.is_file()
    ]


def save(array: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def test_what_becomes_of_each_picture(tmp_path: Path) -> None:
    root, out = tmp_path / 'root', tmp_path / 'out'
    save(photo(seed=0), root / 'usr/photos/good.png')
    save(photo(seed=1), root / 'usr/photos/secret.png')
    save(photo(128), root / 'usr/photos/small.png')
    save(drawing(), root / 'usr/photos/drawing.png')
    save(photo(seed=2), root / 'usr/photos/wall_normal.png')
    save(photo(seed=3), root / 'usr/other/skipped.png')
    alpha = np.full((256, 256, 1), 9, np.uint8)
    save(np.concatenate([photo(), alpha], 2), root / 'usr/glass.png')
    save(photo(300, seed=5), root / 'usr/large.png')
    save(photo(seed=0), root / 'usr/photos/good.jpg')
    (root / 'usr/broken.jpg').write_bytes(b'no picture')
    (root / 'usr/readme.txt').write_text('text')
    rows, counts = BackgroundCollector().collect(
        files_in(root), COPYRIGHT, out, ['*/other/*'])
    assert counts == {
        'pictures': 8,
        'used pictures': 2,
        'pieces': 2,
        'no free license': 1,
        'small': 1,
        'drawing': 1,
        'transparent': 1,
        'seen before': 1,
        'unreadable': 1
    }
    assert [row['path']
            for row in rows] == ['usr/large.png', 'usr/photos/good.png']
    assert sorted(p.name for p in out.iterdir()) == [
        '0001_large-png_0.jpg', '0002_good-png_0.jpg'
    ]
    assert rows[1] == dict(
        file='0002_good-png_0.jpg',
        path='usr/photos/good.png',
        license='CC-BY-SA-4.0',
        copyright='2020 A. Painter',
        width=256,
        height=256)
    written = np.asarray(Image.open(out / rows[1]['file'])).astype(float)
    assert np.abs(written - photo(seed=0)).mean() < 3


def test_only_pieces_with_text_are_dropped(tmp_path: Path) -> None:
    image = photo(512)
    image[:, :256, 0] = np.minimum(image[:, :256, 0], 100)
    save(image, tmp_path / 'root/usr/a.png')

    def has_text(piece: np.ndarray) -> bool:
        assert piece.shape == (256, 256, 3)
        return piece[..., 0].max() <= 100

    collector = BackgroundCollector(has_text, max_side=256)
    rows, counts = collector.collect(
        files_in(tmp_path / 'root'), COPYRIGHT, tmp_path / 'out')
    assert counts['piece: text'] == 2
    assert [row['file']
            for row in rows] == ['0001_a-png_0.jpg', '0001_a-png_1.jpg']
    assert all(
        np.asarray(Image.open(tmp_path / 'out' / row['file']))[...,
                                                               0].max() > 150
        for row in rows)


def test_largest_of_the_sizes_of_a_wallpaper(tmp_path: Path) -> None:
    for name in 'hill/1920x1080.jpg', 'hill/400x800.jpg', 'sea/640x480.jpg':
        save(np.zeros((4, 4, 3), np.uint8), tmp_path / name)
    save(np.zeros((50, 40, 3), np.uint8), tmp_path / 'sea/other.png')
    names = [file.name for file in photos_of(files_in(tmp_path), [])]
    assert sorted(names) == [
        'hill/1920x1080.jpg', 'sea/640x480.jpg', 'sea/other.png'
    ]


def test_settings_tell_whether_texts_are_found() -> None:
    settings = BackgroundCollector().settings
    assert settings['has_text'] is False
    assert BackgroundCollector(lambda image: False).settings == {
        **settings, 'has_text': True
    }


def test_an_interrupt_passes_through(tmp_path: Path) -> None:
    save(photo(), tmp_path / 'root/usr/a.png')

    def tick(number: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        BackgroundCollector().collect(
            files_in(tmp_path / 'root'),
            COPYRIGHT,
            tmp_path / 'out',
            tick=tick)
