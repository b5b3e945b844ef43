from __future__ import annotations
import io
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from upocr_mm.apis import folder_run
from upocr_mm.apis.cli import main


@pytest.fixture
def run(tiny_model: tuple[Path, Path], tmp_path: Path, monkeypatch, capsys):
    """Run the command in an empty folder: code, output and errors."""
    monkeypatch.chdir(tmp_path)
    config, weights = tiny_model

    def call(*arguments, model: bool = True) -> SimpleNamespace:
        words = [str(word) for word in arguments]
        if model:
            words += ['--model', str(config), '--weights', str(weights)]
            if words[0] != 'export' and '--backend' not in words:
                words += ['--backend', 'torch', '--device', 'cpu']
        code = main(words)
        output = capsys.readouterr()
        return SimpleNamespace(code=code, out=output.out, err=output.err)

    return call


@pytest.fixture
def folder(photo: Path) -> Path:
    """Three pictures, one in a subfolder, and two that are none."""
    root = photo.parent
    image = Image.open(photo)
    (root / 'sub').mkdir()
    image.save(root / 'sub' / 'deep.jpg')
    image.convert('L').save(root / 'gray.tif')
    (root / 'bad.png').write_bytes(photo.read_bytes()[:200])
    (root / 'empty.png').write_bytes(b'')
    return root


def files(folder: Path) -> list[str]:
    return sorted(
        str(file.relative_to(folder)) for file in folder.rglob('*')
        if file.is_file())


def test_a_folder_with_bad_files(run, folder: Path) -> None:
    result = run('remove', folder, '--batch-size', 2)
    assert result.code == 1
    assert files(
        Path('upocr_output')) == ['gray.tif', 'photo.png', 'sub/deep.png']
    assert '3 done, 0 skipped, 2 failed' in result.err
    assert 'bad.png is damaged' in result.err
    assert 'empty.png is empty' in result.err
    assert 'Traceback' not in result.err and result.out == ''
    gray = Image.open('upocr_output/gray.tif')
    assert gray.mode == 'L' and gray.size == (90, 60)


def test_commands_write_their_pictures(run, photo: Path) -> None:
    for command in ('remove', 'segment', 'detect'):
        assert run(command, photo, '-o', f'{command}.png').code == 0
    mask = np.asarray(Image.open('segment.png'))
    assert mask.shape == (60, 90) and set(np.unique(mask)) <= {0, 255}
    assert Image.open('detect.png').size == (90, 60)
    assert run('segment', photo, '--tta', '-o', 'mean.png').code == 0
    assert not np.array_equal(np.asarray(Image.open('mean.png')), mask)
    assert run('all', photo, '-o', 'every').code == 0
    assert len(files(Path('every'))) == 7
    assert np.array_equal(
        np.asarray(Image.open('every/photo_text_free.png')),
        np.asarray(Image.open('remove.png')))


def test_skip_existing(run, folder: Path) -> None:
    for name in ('bad.png', 'empty.png'):
        (folder / name).unlink()
    for command in ('remove', 'all'):
        out = ('-o', command, '--skip-existing')
        assert '3 done, 0 skipped' in run(command, folder, *out).err
        (folder / f'{command}.png').write_bytes(
            (folder / 'photo.png').read_bytes())
        result = run(command, folder, *out)
        assert result.code == 0 and '1 done, 3 skipped' in result.err
        (folder / f'{command}.png').unlink()


def test_formats(run, photo: Path) -> None:
    jpeg = photo.with_suffix('.jpg')
    Image.open(photo).save(jpeg)
    for kind, name in (('auto', 'photo.png'), ('same', 'photo.jpg'),
                       ('webp', 'photo_x.webp')):
        suffix = ('--suffix', '_x') if '_x' in name else ()
        assert run('remove', jpeg, '-o', kind, '--format', kind,
                   *suffix).code == 0
        assert files(Path(kind)) == [name]


def test_standard_input_and_output(run, photo: Path, monkeypatch) -> None:
    stdout = SimpleNamespace(buffer=io.BytesIO(), flush=lambda: None)
    monkeypatch.setattr(sys, 'stdin',
                        SimpleNamespace(buffer=io.BytesIO(photo.read_bytes())))
    monkeypatch.setattr(sys, 'stdout', stdout)
    assert run('remove', '-', '-o', '-', '--quiet').code == 0
    stdout.buffer.seek(0)
    assert Image.open(stdout.buffer).size == (90, 60)


def test_json_lines(run, folder: Path) -> None:
    assert run('detect', folder, '--json', 'a.jsonl').code == 1
    lines = [json.loads(line) for line in open('a.jsonl')]
    assert len(lines) == 3
    assert all('tampered_score' in line and line['width'] == 90
               for line in lines)
    result = run('segment', folder / 'photo.png', '--json', '-')
    assert 'text_regions' in json.loads(result.out)


def test_shards_are_disjoint_and_whole(run, folder: Path) -> None:
    for k in (1, 2, 3):
        run('segment', folder, '-o', str(k), '--shard', f'{k}/3')
    found = [set(files(Path(str(k)))) for k in (1, 2, 3)]
    assert set.union(*found) == {'gray.tif', 'photo.png', 'sub/deep.png'}
    assert sum(map(len, found)) == 3


def test_regions_keep_and_mask_file(run, photo: Path) -> None:
    before = np.asarray(Image.open(photo))
    mask = np.zeros((60, 90), np.uint8)
    mask[:30] = 255
    Image.fromarray(mask).save('mask.png')
    run('remove', photo, '-o', 'a.png', '--mask', 'mask.png', '--keep',
        '[[0, 0, 44, 59]]', '--feather', 0)
    after = np.asarray(Image.open('a.png'))
    changed = (after != before).any(2)
    assert changed[:30, 45:].mean() > 0.9
    assert not changed[30:].any() and not changed[:, :45].any()


def test_a_mask_of_another_size_fails_that_picture(run, folder: Path) -> None:
    Image.open(folder / 'photo.png').resize((9, 9)).save(folder / 'small.png')
    Image.new('L', (90, 60), 255).save('mask.png')
    result = run('remove', folder, '--mask', 'mask.png', '--batch-size', 4)
    assert result.code == 1
    assert 'mask for' in result.err and 'small.png' in result.err
    assert '3 done, 0 skipped, 3 failed' in result.err


def test_pages_become_files(run, photo: Path) -> None:
    image = Image.open(photo)
    image.save('two.tif', save_all=True, append_images=[image.rotate(180)])
    assert run('segment', 'two.tif', '-o', 'out').code == 0
    assert files(Path('out')) == ['two_page1.tif', 'two_page2.tif']
    again = run('segment', 'two.tif', '-o', 'out', '--skip-existing')
    assert '0 done, 1 skipped' in again.err


def test_export_and_models(run, tmp_path: Path) -> None:
    pytest.importorskip('onnx')
    result = run('export', 'a.onnx')
    assert result.code == 0 and 'a.onnx: written' in result.out
    listed = run('models', 'upocr_swinv2-n', model=False)
    assert 'upocr_swinv2-n_1xb6-600_synthetic-128x128' in listed.out
    entries = json.loads(run('models', '--json', model=False).out)
    assert all(Path(entry['Config']).is_file() for entry in entries)


def test_models_of_the_index(run) -> None:
    listed = run('models', model=False).out
    assert 'upocr_swinv2-s_released-512x512' in listed and '108.2 M' in listed
    assert 'unet' not in listed and 'segformer' not in listed


def test_version_and_usage(run, photo: Path, capsys) -> None:
    with pytest.raises(SystemExit) as end:
        run('--version', model=False)
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith('upocr_mm ')
    with pytest.raises(SystemExit) as end:
        run('segment', photo, '--presett', 'careful')
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert 'usage: upocr segment' in error and '--presett careful' in error


def test_results_of_equal_names(run, photo: Path) -> None:
    """Pictures that differ by suffix or folder alone lose no result."""
    image = Image.open(photo)
    image.save(photo.with_suffix('.jpg'))
    assert run('segment', photo.parent, '-o', 'out').code == 0
    assert files(Path('out')) == ['photo.jpg.png', 'photo.png.png']
    other = Path('other')
    other.mkdir()
    image.save(other / photo.name)
    assert run('segment', photo, other / photo.name, '-o', 'two').code == 0
    assert files(Path('two')) == ['photo.png', 'photo_2.png']
    again = run('segment', photo, other / photo.name, '-o', 'two',
                '--skip-existing')
    assert '0 done, 2 skipped' in again.err


def test_serve_on_a_taken_port(run) -> None:
    pytest.importorskip('gradio')
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        result = run('serve', '--port', port)
    assert result.code == 2 and 'Traceback' not in result.err
    assert f'port {port} of 127.0.0.1 cannot be opened' in result.err
    result = run('serve', '--port', 99999)
    assert result.code == 2 and '--port must lie between' in result.err


def test_serve_until_interrupted(tiny_model: tuple[Path, Path]) -> None:
    pytest.importorskip('gradio')
    config, weights = tiny_model
    process = subprocess.Popen([
        sys.executable, '-m', 'upocr_mm.apis.cli', 'serve', '--port', '0',
        '--model', config, '--weights', weights, '--backend', 'torch'
    ], stderr=subprocess.PIPE, text=True)  # yapf: disable
    for line in process.stderr:
        if '(page)' in line:
            break
    address = line.split()[1]
    with urllib.request.urlopen(f'{address}/v1/info') as answer:
        assert len(json.load(answer)['tasks']) == 3
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 0 and 'Traceback' not in error


@pytest.mark.parametrize('arguments, message', [
    (['remove', 'none.png'], 'none.png does not exist'),
    (['remove', 'photos', '--shard', '4/3'], '--shard must be K/N'),
    (['remove', 'photos', '--quality', '0'], '--quality must lie between'),
    (['remove', 'photos', '--batch-size', '0'], '--batch-size must lie'),
    (['remove', 'photos', '-o', 'a.png'], 'a.png is for one picture'),
    (['all', 'photos/photo.png', '-o', '-'], 'gives several'),
    (['remove', '-', 'photos'], 'the only input'),
    (['remove', 'photos', '--preset', 'careful', '--threshold', '3'
      ], 'threshold must lie in'),
    (['remove', 'photos', '--keep', '[[1, 2]]'], 'keep must hold boxes'),
    (['remove', 'photos', '--keep', '[[9, 9, 5, 5]]'], 'with x1 <= x2'),
    (['remove', 'photos/photo.png', '-o', 'a.gif'], 'are written as .png'),
    (['all', 'photos', '-o', 'photos/photo.png'], 'is a file; name a folder'),
    (['remove', 'photos', '--suffix', '/../a'], '--suffix /../a is a part'),
    (['remove', 'photos', '-o', 'photos/photo.png/x'
      ], 'cannot be made: Not a directory'),
])
def test_usage_errors(run, photo: Path, arguments: list[str],
                      message: str) -> None:
    result = run(*arguments)
    assert result.code == 2
    error = result.err.strip().splitlines()[-1]
    assert error.startswith('upocr: ') and message in error
    assert 'Traceback' not in result.err


def test_the_input_is_not_overwritten(run, photo: Path) -> None:
    before = photo.read_bytes()
    result = run('remove', photo, '-o', photo.parent)
    assert result.code == 2 and 'would be overwritten' in result.err
    assert photo.read_bytes() == before


def test_odd_exif_fails_that_picture(run, folder: Path) -> None:
    """The others are done, and results of an earlier run are replaced."""
    odd = (
        b'Exif\0\0II*\0\x08\0\0\0\2\0'  # an integer that is a text
        b'\0\1\2\0\4\0\0\0abc\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0')
    Image.open(folder / 'photo.png').save(folder / 'odd.jpg', exif=odd)
    for words in ('.', ), ('.', ), ('photos', '-o', 'o'), ('photos', '-o',
                                                           'o'):
        result = run('segment', *words, '--format', 'webp')
        assert result.code == 1 and 'Traceback' not in result.err
        assert '3 done, 0 skipped, 3 failed' in result.err
        assert 'odd.jpg is damaged, cut off or not a picture' in result.err
        if words == ('.', ):
            assert len(files(Path('upocr_output'))) == 3
    assert len(files(Path('o'))) == 3


def test_pages_do_not_become_one_file(run, photo: Path) -> None:
    image = Image.open(photo)
    image.save('a.tif', save_all=True, append_images=[image])
    result = run('segment', 'a.tif', '-o', 'a.png')
    assert result.code == 1 and 'a.tif has 2 pages' in result.err
    assert not Path('a.png').exists()
    image.save('a_page1.tif')  # its result is that of page 1
    result = run('segment', 'a.tif', 'a_page1.tif', '-o', 'out')
    assert result.code == 1 and 'the result of another picture' in result.err
    assert '2 done, 0 skipped, 1 failed' in result.err


def test_pictures_that_are_computed_at_the_same_time(run, photo: Path,
                                                     tmp_path: Path) -> None:
    """They give the same as each alone, in their order."""
    pytest.importorskip('openvino')
    image = Image.open(photo)
    turned = [image.rotate(90 * k, expand=True) for k in range(4)]
    for k in range(8):
        turned[k % 4].save(photo.parent / f'{k}.png')
    photo.unlink()
    result = run('all', photo.parent, '--out', 'many', '--json', 'lines',
                 '--backend', 'openvino')
    assert result.code == 0, result.err
    lines = map(json.loads, Path('lines').read_text().splitlines())
    assert [Path(line['name']).stem for line in lines] == list('01234567')
    for k in range(4):
        run('all', photo.parent / f'{k}.png', '--out', 'alone', '--backend',
            'openvino')
        for name in ('text_free', 'text_mask', 'classes'):
            alone, *many = (np.asarray(
                Image.open(f'{folder}/{i}_{name}.png'), float)
                            for folder, i in (('alone', k), ('many', k),
                                              ('many', k + 4)))
            for other in many:
                assert (alone != other).mean() < 1e-3


def test_a_full_disk_ends_the_run(run, folder: Path, monkeypatch) -> None:

    def full(*args) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'replace', full)
    result = run('remove', folder)
    assert result.code == 1 and 'No space left' in result.err
    assert files(Path('upocr_output')) == []


def test_interrupt_leaves_whole_files(run, folder: Path, monkeypatch) -> None:
    predict = folder_run.FolderRun._predict
    calls = []

    def interrupted(self, *args):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return predict(self, *args)

    monkeypatch.setattr(folder_run.FolderRun, '_predict', interrupted)
    result = run('remove', folder)
    assert result.code == 130 and 'interrupted' in result.err
    for file in files(Path('upocr_output')):
        Image.open(Path('upocr_output', file)).load()
