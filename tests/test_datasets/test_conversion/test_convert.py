from __future__ import annotations
import errno
import os
import shutil
import threading
import zipfile
from pathlib import Path

import pytest
from tiny_files import write_image, write_text

from upocr_mm.datasets import SCUTEnsTextDataset
from upocr_mm.datasets.conversion import (SCUTEnsTextConverter, convert,
                                          raw_files)


def files_of(root: Path) -> dict[str, bytes]:
    return {
        str(f.relative_to(root)): f.read_bytes()
        for f in root.rglob('*') if f.is_file()
    }


def details(result) -> str:
    return '\n'.join(f'{p.kind}: {p.detail}' for p in result.problems)


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob('*')):
            archive.write(file, file.relative_to(folder))
    return path


def test_links_and_is_done_once(scut_download: Path, tmp_path: Path) -> None:
    before = files_of(scut_download)
    dst = tmp_path / 'data' / 'SCUT-EnsText'
    result = convert(SCUTEnsTextConverter(), [scut_download], dst)
    assert result == (dict(train=3, test=1), 4, 0, [])
    image = Path('train', 'image', '1.jpg')
    assert (dst / image).samefile(scut_download / 'train/all_images/1.jpg')
    written = {
        f: (dst / f).stat().st_mtime_ns
        for f in (str(f.relative_to(dst)) for f in dst.rglob('*'))
    }
    result = convert(SCUTEnsTextConverter(), [scut_download], dst)
    assert result == (dict(train=3, test=1), 0, 0, [])
    assert written == {
        f: (dst / f).stat().st_mtime_ns
        for f in (str(f.relative_to(dst)) for f in dst.rglob('*'))
    }
    assert files_of(scut_download) == before
    for split, count in result.found.items():
        assert len(SCUTEnsTextDataset(str(dst), split)) == count


def test_copies_are_files_of_their_own(scut_download: Path,
                                       tmp_path: Path) -> None:
    dst = tmp_path / 'data'
    result = convert(SCUTEnsTextConverter(), [scut_download], dst, link=False)
    originals = files_of(scut_download)
    assert result.num_bytes == sum(map(len, originals.values()))
    for folder, original in (('image', 'all_images'), ('label', 'all_labels'),
                             ('all_gts', 'all_gts')):
        for file in (dst / 'train' / folder).iterdir():
            other = scut_download / 'train' / original / file.name
            assert file.read_bytes() == other.read_bytes()
            assert not file.samefile(other)


@pytest.mark.parametrize('in_one', [True, False])
def test_archives_give_the_same_as_folders(scut_download: Path, tmp_path: Path,
                                           in_one: bool) -> None:
    convert(SCUTEnsTextConverter(), [scut_download], tmp_path / 'a')
    if in_one:
        sources = [zipped(scut_download, tmp_path / 'SCUT-EnsText.zip')]
    else:  # named by the split, in the folder that is named
        (tmp_path / 'zips').mkdir()
        sources = [tmp_path / 'zips']
        for split in 'train', 'test':
            zipped(scut_download / split,
                   tmp_path / 'zips' / f'SCUT_{split}.zip')
    result = convert(SCUTEnsTextConverter(), sources, tmp_path / 'b')
    assert result.written == 4 and not result.problems
    assert files_of(tmp_path / 'a') == files_of(tmp_path / 'b')
    assert len(files_of(tmp_path / 'b')) == 16


def test_unpacked_beside_the_archive_is_one_file(scut_download: Path,
                                                 tmp_path: Path) -> None:
    zipped(scut_download, scut_download / 'all.zip')
    result = convert(SCUTEnsTextConverter(), [scut_download], tmp_path / 'a')
    assert result.written == 4 and result.num_bytes == 0
    assert not result.problems


def test_in_place(scut_download: Path) -> None:
    before = files_of(scut_download)
    for written in 4, 0:
        result = convert(SCUTEnsTextConverter(), [scut_download],
                         scut_download)
        assert result.written == written and not result.problems
    after = files_of(scut_download)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 3 * 4


def test_output_inside_the_download(scut_download: Path) -> None:
    for written in 4, 0:
        result = convert(SCUTEnsTextConverter(), [scut_download],
                         scut_download / 'out')
        assert result.written == written and not result.problems


def test_symbolic_links_are_followed(scut_download: Path,
                                     tmp_path: Path) -> None:
    source = tmp_path / 'links'
    source.mkdir()
    for split in 'train', 'test':
        (source / split).symlink_to(scut_download / split)
    (source / 'circle').symlink_to(source)
    image = scut_download / 'train/all_images/1.jpg'
    image.symlink_to(image.rename(tmp_path / 'elsewhere.jpg'))
    result = convert(SCUTEnsTextConverter(), [source], tmp_path / 'a')
    assert result.written == 4 and not result.problems
    assert not (tmp_path / 'a/train/image/1.jpg').is_symlink()


def test_dry_run_writes_nothing(scut_download: Path, tmp_path: Path) -> None:
    source = zipped(scut_download, tmp_path / 'all.zip')
    (scut_download / 'train/all_labels/2.jpg').unlink()
    dst = tmp_path / 'data'
    result = convert(SCUTEnsTextConverter(), [source], dst, dry_run=True)
    with zipfile.ZipFile(source) as archive:
        size = sum(info.file_size for info in archive.infolist())
    assert result == (dict(train=3, test=1), 4, size, [])
    result = convert(
        SCUTEnsTextConverter(), [scut_download], dst, dry_run=True)
    assert result.found == dict(train=2, test=1)
    assert 'train: 2 of 3 images' in details(result)
    assert not dst.exists()


@pytest.mark.parametrize(
    'error',
    [KeyboardInterrupt(),
     OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))])
def test_stopped_and_resumed(scut_download: Path, tmp_path: Path, monkeypatch,
                             error: BaseException) -> None:
    source = zipped(scut_download, tmp_path / 'all.zip')
    dst = tmp_path / 'data'
    convert(SCUTEnsTextConverter(), [source], tmp_path / 'whole')
    whole = files_of(tmp_path / 'whole')
    lock, count = threading.Lock(), [0]

    def copyfileobj(src, target):
        with lock:
            count[0] += 1
            if count[0] > 4:
                target.write(src.read(10))
                raise error
            target.write(src.read())

    with monkeypatch.context() as patch:
        patch.setattr(raw_files.shutil, 'copyfileobj', copyfileobj)
        patch.setattr('os.cpu_count', lambda: 1)
        with pytest.raises(type(error)):
            convert(SCUTEnsTextConverter(), [source], dst)
    files = files_of(dst)
    assert len(files) == 4  # one sample: image, label, polygons, mask
    assert files.items() < whole.items()
    assert not [f for f in dst.rglob('.*')]
    result = convert(SCUTEnsTextConverter(), [source], dst)
    assert result.written == 3 and result.found == dict(train=3, test=1)
    assert files_of(dst) == whole


def test_a_lost_file_is_made_again(scut_download: Path,
                                   tmp_path: Path) -> None:
    dst = tmp_path / 'data'
    convert(SCUTEnsTextConverter(), [scut_download], dst)
    whole = files_of(dst)
    (dst / 'train/mask/2.png').unlink()
    (dst / 'test/label/img_1.jpg').unlink()
    assert convert(SCUTEnsTextConverter(), [scut_download], dst).written == 2
    assert files_of(dst) == whole


def test_what_is_missing_is_named(scut_download: Path, tmp_path: Path) -> None:
    (scut_download / 'train/all_labels/2.jpg').unlink()
    shutil.rmtree(scut_download / 'test')
    (scut_download / 'test.rar').write_bytes(b'')
    result = convert(SCUTEnsTextConverter(), [scut_download],
                     tmp_path / 'data')
    assert result.written == 2 and result.found == dict(train=2, test=0)
    text = details(result)
    assert 'no label for train/2' in text
    assert ('train: 2 of 3 images; by the numbering these are missing: 2'
            in text)
    assert 'test: 0 of 1 images' in text
    assert f'cannot be read here (unpack it first): {scut_download}' in text


def test_only_the_splits_asked_for(scut_download: Path,
                                   tmp_path: Path) -> None:
    shutil.rmtree(scut_download / 'train')
    result = convert(
        SCUTEnsTextConverter(['test']), [scut_download], tmp_path / 'data')
    assert result == (dict(test=1), 1, 0, [])
    with pytest.raises(ValueError, match=r"some of \['train', 'test'\], got"):
        SCUTEnsTextConverter(['val'])


def test_bad_files_are_named_by_their_places_in_the_download(
        scut_download: Path, tmp_path: Path) -> None:
    train = scut_download / 'train'
    image = train / 'all_images/1.jpg'
    image.write_bytes(image.read_bytes()[:-200])
    write_image(train / 'all_labels/2.jpg', shape=(30, 60))
    source = zipped(scut_download, tmp_path / 'all.zip')
    dst = tmp_path / 'data'
    result = convert(SCUTEnsTextConverter(), [source], dst)
    text = details(result)
    assert f'{source}: train/all_images/1.jpg: OSError' in text
    assert (f'{source}: train/all_labels/2.jpg: 60x30, {source}: '
            'train/all_images/2.jpg: 60x40') in text
    assert str(dst) not in text
    assert result.found == dict(train=1, test=1)
    assert len(files_of(dst)) == 8
    # mended, the same command goes on
    write_image(image, 1)
    write_image(train / 'all_labels/2.jpg', 2)
    result = convert(SCUTEnsTextConverter(), [scut_download / 'train'], dst)
    assert result.written == 2 and result.found['train'] == 3


def test_files_of_others_are_left_alone(scut_download: Path,
                                        tmp_path: Path) -> None:
    dst = tmp_path / 'data'
    write_text(dst / 'train/image/1.jpg', 'mine')
    write_text(dst / 'train/mask/2.jpg', 'mine')
    write_text(dst / 'train/all_gts/3.txt', '6,10,29,10,29,19,5,19')
    result = convert(SCUTEnsTextConverter(), [scut_download], dst)
    text = details(result)
    assert f'{dst}/train/image/1.jpg (4 bytes) is not' in text
    assert f'{dst}/train/mask/2.jpg is there already, 2.png would' in text
    assert f'{dst}/train/all_gts/3.txt (21 bytes) is not' in text
    assert result.found == dict(train=0, test=1)
    assert (dst / 'train/image/1.jpg').read_text() == 'mine'
    assert not (dst / 'train/mask/2.png').exists()


def test_two_files_of_one_name(scut_download: Path, tmp_path: Path) -> None:
    write_image(scut_download / 'train/all_images/2.png', 5)
    result = convert(SCUTEnsTextConverter(), [scut_download],
                     tmp_path / 'data')
    assert 'two files for one sample (one is allowed)' in details(result)
    assert result.found == dict(train=2, test=1)


def test_no_space(scut_download: Path, tmp_path: Path, monkeypatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr('shutil.disk_usage', lambda path: usage)
    dst = tmp_path / 'data'
    with pytest.raises(OSError, match=r'MB are to be written, but 0.0 MB are'):
        convert(SCUTEnsTextConverter(), [scut_download], dst, link=False)
    assert not dst.exists()
    assert convert(SCUTEnsTextConverter(), [scut_download], dst).written == 4


def test_wrong_sources(scut_download: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='nowhere does not exist'):
        convert(SCUTEnsTextConverter(), [tmp_path / 'nowhere'],
                tmp_path / 'data')
    with pytest.raises(NotADirectoryError, match='1.jpg is a file'):
        convert(SCUTEnsTextConverter(), [scut_download],
                scut_download / 'train/all_images/1.jpg')
    with pytest.raises(ValueError, match='all_images,all_labels,all_gts'):
        convert(SCUTEnsTextConverter(),
                [scut_download / 'train' / 'all_images'], tmp_path / 'data')
    assert not (tmp_path / 'data').exists()
