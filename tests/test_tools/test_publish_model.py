from __future__ import annotations
import hashlib
import subprocess
import sys
from pathlib import Path

import torch
from mmengine.config import Config
from tiny_run import tiny_cfg

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
