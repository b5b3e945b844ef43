"""``tools/dataset_converters``: what is printed, and the exit codes."""
from __future__ import annotations
import importlib.util
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from upocr_mm.datasets.conversion import (SCUTEnsTextConverter,
                                          TamperedIC13Converter,
                                          TextSegConverter, raw_files)

TOOLS = Path(__file__).parents[2] / 'tools' / 'dataset_converters'
ROOTS = dict(
    scut_enstext='TextRemoval/SCUT-EnsText',
    textseg='TextSegmentation/TextSeg',
    tampered_ic13='TamperedTextDetection/Tampered-IC13')


@pytest.fixture
def run_tool(monkeypatch, capsys):
    """Run a tool in this process: exit code, output, error output."""

    def run(tool: str, *arguments: object) -> SimpleNamespace:
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, arguments)])
        spec = importlib.util.spec_from_file_location(f'{tool}_tool',
                                                      TOOLS / f'{tool}.py')
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        try:
            code = module.main()
        except SystemExit as stop:
            code = stop.code
        return SimpleNamespace(code=code, **capsys.readouterr()._asdict())

    return run


@pytest.fixture
def drawn_counts(monkeypatch) -> None:
    """Those of the fixture ``drawn_data``."""
    for converter in SCUTEnsTextConverter, TamperedIC13Converter:
        monkeypatch.setattr(converter, 'counts', dict(train=5, test=3))
    monkeypatch.setattr(TextSegConverter, 'counts',
                        dict(train=5, val=1, test=3))


def test_published_counts() -> None:
    assert SCUTEnsTextConverter.counts == dict(train=2749, test=813)
    assert TextSegConverter.counts == dict(train=2646, val=340, test=1038)
    assert TamperedIC13Converter.counts == dict(train=229, test=233)


@pytest.mark.parametrize('tool', ROOTS)
def test_first_and_second_call(run_tool, drawn_counts, drawn_data: Path,
                               tmp_path: Path, tool: str) -> None:
    arguments = drawn_data / ROOTS[tool], tmp_path / 'out'
    count = 9 if tool == 'textseg' else 8
    result = run_tool(tool, *arguments, '--dry-run')
    assert result.code == 0 and not (tmp_path / 'out').exists()
    assert f'nothing is written: {count} samples would be' in result.out
    result = run_tool(tool, *arguments)
    assert result.code == 0 and result.err == ''
    assert f'{count} samples written to {tmp_path}/out, 0 were' in result.out
    assert 'train: 5 of 5\n' in result.out
    result = run_tool(tool, *arguments)
    assert result.code == 0
    assert result.out.startswith(f'nothing to do: {count} samples are in')


@pytest.mark.parametrize('tool', ROOTS)
def test_incomplete(run_tool, drawn_data: Path, tmp_path: Path,
                    tool: str) -> None:
    result = run_tool(tool, drawn_data / ROOTS[tool], tmp_path / 'out')
    assert result.code == 1
    wanted = dict(scut_enstext='2,749', textseg='2,646', tampered_ic13='229')
    assert f'train: 5 of {wanted[tool]} images\n' in result.err
    assert result.err.startswith(f'{tool}: ')


@pytest.mark.parametrize('tool', ROOTS)
def test_usage(run_tool, drawn_data: Path, tmp_path: Path, tool: str) -> None:
    result = run_tool(tool, tmp_path / 'nowhere', tmp_path / 'out')
    assert result.code == 2
    assert result.err == f'{tool}: {tmp_path}/nowhere does not exist\n'
    root = drawn_data / ROOTS[tool]
    assert run_tool(tool, root).code == 2
    result = run_tool(tool, root, tmp_path / 'out', '--splits', 'dev')
    assert result.code == 2 and "invalid choice: 'dev'" in result.err
    result = run_tool(tool, root, Path(__file__))
    assert result.code == 2 and 'is a file; name a folder' in result.err


def test_bad_data_in_one_sentence(run_tool, tmp_path: Path) -> None:
    archive = tmp_path / 'test.zip'
    with zipfile.ZipFile(archive, 'w') as content:
        content.writestr('readme.txt', 'nothing')
    result = run_tool('textseg', archive, tmp_path / 'out')
    assert result.code == 1 and result.err.count('\n') == 1
    assert 'nothing of the splits train, val, test is in it' in result.err
    archive.write_bytes(archive.read_bytes()[:30])
    result = run_tool('textseg', archive, tmp_path / 'out')
    assert result.code == 1 and result.err.count('\n') == 1
    assert f'{archive} is damaged or cut off' in result.err


@pytest.mark.parametrize('error, code, text', [
    (KeyboardInterrupt(), 130, 'scut_enstext: interrupted; what is written'),
    (OSError(28, 'No space left on device'), 1, 'No space left on device; '
     'what is written is whole, and the same command goes on'),
])
def test_stopped(run_tool, drawn_counts, drawn_data: Path, tmp_path: Path,
                 monkeypatch, error: BaseException, code: int,
                 text: str) -> None:

    def copyfile(src: Path, dst: Path) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(raw_files.shutil, 'copyfile', copyfile)
        result = run_tool('scut_enstext', drawn_data / ROOTS['scut_enstext'],
                          tmp_path / 'out', '--copy')
    assert result.code == code and text in result.err
    assert result.err.count('\n') == 1
    assert not [f for f in (tmp_path / 'out').rglob('*') if f.is_file()]


def test_versions_of_labels(run_tool, drawn_data: Path,
                            tmp_path: Path) -> None:
    root = drawn_data / ROOTS['textseg']
    result = run_tool('textseg', root, tmp_path / 'out', '--label-version', 1)
    assert result.code == 1
    assert '_maskfg.png (of the labels of version 1)' in result.err


def test_masks_from_pairs(run_tool, tmp_path: Path) -> None:
    picture = np.full((20, 30, 3), 200, np.uint8)
    for folder in 'img', 'label':
        (tmp_path / folder).mkdir()
        for name in 'ab':
            Image.fromarray(picture).save(tmp_path / folder / f'{name}.png')
    picture[5:10, 5:25] = 0
    Image.fromarray(picture).save(tmp_path / 'img' / 'a.png')
    folders = [tmp_path / name for name in ('img', 'label', 'mask')]
    result = run_tool('masks_from_pairs', *folders, '--dry-run')
    assert result.code == 0 and '2 masks would be written' in result.out
    assert not folders[2].exists()
    result = run_tool('masks_from_pairs', *folders, '--min-area', 100)
    assert result.code == 0 and result.err == ''
    assert result.out == (f'2 masks written to {folders[2]}, 0 are there '
                          'already\n  1 without any text: b\n')
    result = run_tool('masks_from_pairs', *folders, '--min-area', 100)
    assert result.out.startswith(f'nothing was written to {folders[2]}: 2 are')
    result = run_tool('masks_from_pairs', *folders, '--min-area', 101)
    assert result.code == 1 and 'another mask is there already' in result.err
    for option, value in (('--threshold', 255), ('--closing', 2),
                          ('--min-area', 0)):
        result = run_tool('masks_from_pairs', *folders, option, value)
        assert result.code == 2 and f'{option} must be' in result.err
    result = run_tool('masks_from_pairs', tmp_path / 'no', *folders[1:])
    assert result.code == 2 and result.err.count('\n') == 1
