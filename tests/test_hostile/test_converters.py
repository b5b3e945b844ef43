"""Command lines of the tools that convert data sets."""
from __future__ import annotations
import io
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from harness import Case, no_room, params, tool
from hostile_data import (content, cut, fifo, folder_at, made, mask, noise,
                          nothing, paired, picture, remove, save, text,
                          textseg)

SCUT, TEXTSEG, IC13, MASKS = (f'tools/dataset_converters/{name}.py'
                              for name in ('scut_enstext', 'textseg',
                                           'tampered_ic13',
                                           'masks_from_pairs'))


def download(folder: Path) -> None:
    """TextSeg as it is downloaded."""
    textseg(folder)
    (folder / 'data').rename(folder / 'raw')


def raw_scut(folder: Path) -> None:
    for name in 'all_images', 'all_labels':
        save(folder / f'raw/test/{name}/1.png', noise(len(name)))
    text('raw/test/all_gts/1.txt', '1,1,9,1,9,9')(folder)


def zipped(*names: str, source: str = 'raw'):
    """Put files into a zip, under other names."""

    def make(folder: Path) -> None:
        with zipfile.ZipFile(folder / 'raw.zip', 'w') as archive:
            for path in sorted((folder / source).rglob('*')):
                if path.is_file():
                    archive.write(path, path.relative_to(folder))
            for name in names:
                archive.writestr(name, b'evil')
        shutil.rmtree(folder / source)

    return make


def tar_of_links(folder: Path) -> None:
    """A tar whose members are links and lead outside."""
    with tarfile.open(folder / 'raw.tar', 'w') as archive:
        for name, kind, target in (('image/a.png', tarfile.SYMTYPE,
                                    '/etc/passwd'), ('image/b.png',
                                                     tarfile.LNKTYPE, 'a'),
                                   ('image/c.png', tarfile.FIFOTYPE, '')):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
        info = tarfile.TarInfo('../evil.txt')
        info.size = 4
        archive.addfile(info, io.BytesIO(b'evil'))


def convert(file: str, *args: object, source: str = 'raw'):
    return tool(file, source, 'out', *args)


TEST = ('--splits', 'test')
SHORT = 'split of another size than the published one'
DONE = dict(leaves=('out', 'out/*'))
CONVERSIONS = [
    Case('a download of few pictures', download, convert(TEXTSEG),
         '3 samples written.*' + SHORT, 1, **DONE),
    Case(
        'the same again',
        made(download,
             lambda folder: shutil.copytree(folder / 'raw', folder / 'out')),
        convert(TEXTSEG), '3 samples are in out already', 1, **DONE),
    Case('a dry run', download, convert(TEXTSEG, '--dry-run'), 'dry run', 1),
    Case('another file in the way',
         made(download, picture('out/image/a.png', noise(99, (50, 50)))),
         convert(TEXTSEG), 'another file is there already.*image/a.png', 1,
         **DONE),
    Case('files of others beside',
         made(download, text('out/mine/notes.txt', 'mine')), convert(TEXTSEG),
         '3 samples written', 1, **DONE),
    Case('no download', nothing, convert(TEXTSEG), 'raw does not exist', 2),
    Case('an empty download', folder_at('raw'), convert(TEXTSEG),
         'nothing of the splits.*is in it'),
    Case('no argument', nothing, tool(TEXTSEG), 'required', 2),
    Case('an unknown split', download, convert(TEXTSEG, '--splits', 'dev'),
         'invalid choice', 2),
    Case('into a file', made(download, text('out', '')), convert(TEXTSEG),
         'out is a file; name a folder', 2),
    Case('into a file of a file', made(download, text('x', '')),
         tool(TEXTSEG, 'raw', 'x/out'), 'x', 2),
    Case('a text as an archive', text('raw.txt', 'x'),
         convert(TEXTSEG, source='raw.txt'), 'neither a folder nor one of'),
    Case('a pipe as an archive', fifo('raw.zip'),
         convert(TEXTSEG, source='raw.zip'), 'no regular file'),
    Case('a zip that is none', text('raw.zip', 'PK'),
         convert(TEXTSEG, source='raw.zip'), 'raw.zip is damaged or cut off'),
    Case('an empty zip', made(folder_at('raw'), zipped()),
         convert(TEXTSEG, source='raw.zip'), 'nothing of the splits'),
    Case('a zip that is cut off', made(download, zipped(), cut('raw.zip')),
         convert(TEXTSEG, source='raw.zip'), 'raw.zip is damaged or cut off'),
    Case(
        'a zip that leads outside',
        made(download,
             zipped('../evil.txt', '/evil.txt', 'raw/image/../../e.jpg')),
        convert(TEXTSEG, source='raw.zip'), '3 samples written', 1, **DONE),
    Case('a tar of links', tar_of_links, convert(TEXTSEG, source='raw.tar'),
         'nothing of the splits'),
    Case('a tar that is none', text('raw.tar.gz', 'x'),
         convert(TEXTSEG, source='raw.tar.gz'), 'damaged or cut off'),
    Case('half-written JSON', made(download, text('raw/split.json', '{"tr')),
         convert(TEXTSEG), 'split.json must hold a JSON object'),
    Case('no JSON', made(download, remove('raw/split.json')), convert(TEXTSEG),
         'missing file.*split.json'),
    Case(
        'ids that are paths',
        made(
            download,
            text('raw/split.json',
                 '{"train": ["../a"], "val": [], "test": []}')),
        convert(TEXTSEG), r"names of images, got '../a'"),
    Case(
        'an id twice',
        made(
            download,
            text('raw/split.json',
                 '{"train": ["a", "a"], "val": ["b"], "test": ["c"]}')),
        convert(TEXTSEG), 'image named more than once', 1, **DONE),
    Case('a picture that is cut off', made(download, cut('raw/image/a.png')),
         convert(TEXTSEG), 'unreadable file.*raw/image/a.png', 1, **DONE),
    Case('a TGA named .png',
         made(download, content('raw/image/a.png', bytes(99))),
         convert(TEXTSEG), 'unreadable file.*raw/image/a.png', 1, **DONE),
    Case('a pipe in the download', made(download, fifo('raw/image/a.png')),
         convert(TEXTSEG), 'no regular file.*raw/image/a.png', 1, **DONE),
    Case(
        'without room',
        download,
        convert(TEXTSEG, '--copy'),
        'File too large.*what is written is whole',
        during=no_room,
        leaves=('out', 'out/image', 'out/semantic_label')),
    Case('polygons', raw_scut, convert(SCUT, *TEST), '1 samples written', 1,
         **DONE),
    Case(
        'masks without room',
        raw_scut,
        convert(SCUT, *TEST),
        'File too large',
        during=lambda: no_room(20),
        **DONE),
    Case('polygons with a digit separator',
         made(raw_scut, text('raw/test/all_gts/1.txt', '1_0,1,9,1,9,9')),
         convert(SCUT, *TEST), 'illegal line.*1_0', 1, **DONE),
    Case(
        'polygons that would overflow',
        made(raw_scut,
             text('raw/test/all_gts/1.txt', '99999999999,1,9,1,9,9')),
        convert(SCUT, *TEST), 'more than 7 digits', 1, **DONE),
    Case('no boxes', picture('raw/test_img/1.png', noise()), convert(IC13),
         'incomplete sample.*no test_gt/1', 1),
    Case(
        'boxes with digits of others',
        made(
            picture('raw/test_img/1.png', noise()),
            text('raw/test_gt/1.txt', '١,1,9,9,1')), convert(IC13),
        'illegal line', 1, **DONE),
]


def masks(*args: object):
    return tool(MASKS, 'data/image', 'data/label', 'out', *args)


def pairs(folder: Path) -> None:
    """Pictures and the same without text."""
    label = np.full((24, 32, 3), 200)
    image = label.copy()
    image[4:10, 4:20] = 10
    save(folder / 'data/image/0.png', image)
    save(folder / 'data/label/0.png', label)


PAIRS = [
    Case('masks', pairs, masks(), '1 masks written', 0, **DONE),
    Case('a mask of others in the way',
         made(pairs, picture('out/0.png', mask())), masks(),
         'not made by this command'),
    Case(
        'pictures that are no pair',
        paired,
        masks(),
        'are no pair',
        leaves=('out', )),
    Case('a gif pair', made(pairs, picture('data/image/7.gif', noise())),
         masks(), 'not read.*7.gif', 1, **DONE),
    Case('a pipe as a pair', made(pairs, fifo('data/image/7.png')), masks(),
         'no regular file.*7.png', 1, **DONE),
    Case('a picture without its partner',
         made(pairs, picture('data/image/7.png', noise())), masks(),
         'picture without its partner', 1, **DONE),
    Case('masks into the pictures', pairs,
         tool(MASKS, 'data/image', 'data/label', 'data/image'),
         'need a folder of their own'),
    Case('masks into a file', made(pairs, text('out', '')), masks(),
         'out is not a folder', 2),
    Case('no folder of pictures', nothing, masks(), 'does not exist', 2),
    Case('a file as a folder of pictures', text('data/image', ''), masks(),
         'image is not a folder', 2),
    Case(
        'masks of pairs without room',
        pairs,
        masks(),
        'File too large',
        during=lambda: no_room(20),
        leaves=('out', )),
    Case('a threshold of 255', pairs, masks('--threshold', 255),
         'must be 0 to 254, got 255', 2),
    Case('an even closing', pairs, masks('--closing', 2), 'must be odd', 2),
]


@pytest.mark.parametrize('case', params(CONVERSIONS))
def test_conversion(case, hostile):
    hostile(case)


@pytest.mark.parametrize('case', params(PAIRS))
def test_pairs(case, hostile):
    hostile(case)
