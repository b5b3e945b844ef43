from __future__ import annotations
import hashlib
import subprocess
import sys
from pathlib import Path

import torch
from mmengine.config import Config
from tiny_run import tiny_cfg

from upocr_mm.checkpoint import load_tensors
from upocr_mm.deploy import load_model

TOOL = Path(__file__).parents[2] / 'tools/model_converters/publish_model.py'


def publish(*arguments: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(TOOL), *map(str, arguments)],
        capture_output=True,
        text=True)


def test_published_weights_are_those_of_the_checkpoint(tmp_path: Path) -> None:
    config, checkpoint = tmp_path / 'tiny.py', tmp_path / 'iter_7.pth'
    Config(dict(model=tiny_cfg(tmp_path, tmp_path).model)).dump(str(config))
    model = load_model(config, None)
    state = dict(model.state_dict(), **{'losses.vgg': torch.ones(3)})
    torch.save(
        dict(
            state_dict=state,
            optimizer=dict(state=torch.ones(1000)),
            meta=dict(iter=7, upocr=model.task_meta, cfg='secret')),
        checkpoint)
    results = [publish(checkpoint, tmp_path / 'out' / 'tiny') for _ in '12']
    assert results[0].returncode == 0, results[0].stderr
    file, = (tmp_path / 'out').iterdir()
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert digest in results[0].stdout
    assert file.name == f'tiny-{digest[:8]}.safetensors'
    assert b'secret' not in content and b'losses' not in content
    size = sum(value.numel() for value in model.parameters())
    assert 2 * size < len(content) < 2.6 * size + 30_000
    published = load_model(config, file).state_dict()
    for key, value in model.state_dict().items():
        limit = 1e-3 * value.abs().max(
        ) if value.dtype.is_floating_point else 0
        assert (published[key] - value).abs().max() <= limit, key


def test_what_cannot_be_published(tmp_path: Path) -> None:
    file = tmp_path / 'iter_7.pth'
    torch.save(dict(state_dict=dict(a=torch.full((2, ), 1e6))), file)
    result = publish(file, tmp_path / 'out' / 'a')
    assert result.returncode == 1 and 'a has values that' in result.stderr
    torch.save(dict(optimizer={}), file)
    result = publish(file, tmp_path / 'out' / 'a')
    assert result.returncode == 1 and 'iter_7.pth has no' in result.stderr
    result = publish(tmp_path / 'no.pth', tmp_path / 'out' / 'a')
    assert result.returncode == 2 and 'does not exist' in result.stderr
    assert not (tmp_path / 'out').exists()


def test_mean_of_checkpoints(tmp_path: Path) -> None:
    """Of numbers; integers and meta data are those of the first."""
    files = []
    for i, value in enumerate((1., 2., 6.)):
        state = dict(a=torch.tensor([value, 0.5]), count=torch.tensor(i))
        files.append(tmp_path / f'iter_{i}.pth')
        torch.save(dict(state_dict=state, meta=dict(iter=i)), files[-1])
    result = publish(*files, tmp_path / 'out' / 'a')
    assert result.returncode == 0, result.stderr
    file, = (tmp_path / 'out').iterdir()
    content = load_tensors(str(file))
    assert content['state_dict']['a'].tolist() == [3, 0.5]
    assert content['state_dict']['count'] == 0
    assert content['meta']['iter'] == 0


def test_mean_of_different_models(tmp_path: Path) -> None:
    states = (dict(a=torch.ones(2)), dict(a=torch.ones(3)),
              dict(b=torch.ones(2)))
    files = [tmp_path / f'iter_{i}.pth' for i in range(3)]
    for file, state in zip(files, states):
        torch.save(dict(state_dict=state), file)
    for other, shape in ((files[1], (3, )), (files[2], None)):
        result = publish(files[0], other, tmp_path / 'out' / 'a')
        assert result.returncode == 1
        assert (f'{other}: a must have the shape (2,) as in the first '
                f'checkpoint, got {shape}') in result.stderr
    assert not (tmp_path / 'out').exists()


def test_mean_of_other_tasks_and_damaged_weights(tmp_path: Path) -> None:
    files = [tmp_path / f'iter_{i}.pth' for i in range(4)]
    for file, color, value in zip(files, (255, 255, 128, 255),
                                  (1., 3., 3., float('inf'))):
        palettes = dict(text_segmentation=[(0, 0, 0), (color, ) * 3])
        torch.save(
            dict(
                state_dict=dict(a=torch.full((2, ), value)),
                meta=dict(upocr=dict(palettes=palettes))), file)
    for other, message in (
        (files[2], 'tasks and colors must be '),
        (files[3], 'a has values that are not finite'),
    ):
        result = publish(files[0], other, tmp_path / 'out' / 'a')
        assert result.returncode == 1
        assert f'{other}: {message}' in result.stderr
    assert not (tmp_path / 'out').exists()
    assert publish(*files[:2], tmp_path / 'out' / 'a').returncode == 0
    file, = (tmp_path / 'out').iterdir()
    # also of files that it wrote
    result = publish(files[1], file, tmp_path / 'out' / 'b')
    assert result.returncode == 0, result.stderr
    file, = (tmp_path / 'out').glob('b-*')
    assert load_tensors(str(file))['state_dict']['a'].tolist() == [2.5, 2.5]
