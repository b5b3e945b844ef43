from __future__ import annotations
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS
from pretraining_files import viteraser_cfg
from reference_model import reference_model_cfg

from upocr_mm.deploy import load_model
from upocr_mm.models import UPOCR

ROOT = Path(__file__).parents[2]
BASELINE = ROOT / 'configs' / 'baselines' / (
    'unet-s5-d16_fcn_2xb8-80k_textseg-512x512.py')


@pytest.fixture
def config(tmp_path: Path) -> Path:
    cfg = reference_model_cfg(
        dict(text_removal=dict(pixel=dict(type='MultiScalePixelLoss'))))
    cfg['backbone']['init_cfg'] = dict(type='Pretrained', checkpoint='no.pth')
    cfg['test_cfg'] = dict(dtype='bfloat16')
    path = tmp_path / 'small.py'
    Config(dict(model=cfg)).dump(str(path))
    return path


def save(model: torch.nn.Module, file: Path, **meta) -> Path:
    torch.save(
        dict(state_dict=model.state_dict(), meta=dict(upocr=meta)), file)
    return file


def test_round_trip(config: Path, tmp_path: Path) -> None:
    """For prediction in float32, whatever the configuration says."""
    model = load_model(config, None)
    file = save(model, tmp_path / 'a.pth', **model.task_meta)
    content = torch.load(file)
    content['state_dict']['losses.text_removal.feature.weight'] = torch.ones(1)
    torch.save(content, file)
    loaded = load_model(config, file)
    assert not loaded.training and loaded.test_cfg['dtype'] == 'float32'
    for name, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name
    torch.save(model.state_dict(), file)
    load_model(config, file)


def test_viteraser(tmp_path: Path) -> None:
    """Predicts without what its training alone has."""
    cfg = viteraser_cfg()
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg).eval()
    path = tmp_path / 'viteraser.py'
    Config(dict(model=cfg)).dump(str(path))
    file = save(model, tmp_path / 'a.pth', **model.task_meta)
    loaded = load_model(path, file)
    assert type(loaded) is UPOCR and loaded.tasks == ('text_removal', )
    inputs = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected, _ = model.erase(inputs)
        found, = loaded.predict_tasks(inputs, ['text_removal'])
    assert torch.equal(found, expected[-1])
    # one that says nothing of itself is of a UPOCR
    save(model, file)
    with pytest.raises(ValueError, match='keys are unexpected: mask_branch'):
        load_model(path, file)


def test_checkpoint_does_not_fit(config: Path, tmp_path: Path) -> None:
    model = load_model(config, None)
    colors = dict(palettes=dict(tampered_text_detection=[[0, 0, 0]] * 3))
    file = save(model, tmp_path / 'a.pth', **colors)
    with pytest.raises(ValueError, match='a.pth .*small.py: the colors of'):
        load_model(config, file)
    del model.projection.bias
    save(model, file)
    with pytest.raises(
            ValueError, match='1 keys are missing: projection.bias'):
        load_model(config, file)


def test_bad_files(config: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='no.pth does not exist'):
        load_model(config, tmp_path / 'no.pth')
    with pytest.raises(FileNotFoundError, match='no.py does not exist'):
        load_model(tmp_path / 'no.py', None)
    with pytest.raises(ValueError, match="model.type .* must be 'UPOCR'"):
        load_model(BASELINE, None)
    (tmp_path / 'bad.py').write_text('model = (')
    with pytest.raises(ValueError, match='bad.py is not a configuration'):
        load_model(tmp_path / 'bad.py', None)
