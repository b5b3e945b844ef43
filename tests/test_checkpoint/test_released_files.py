"""Whose weights a file holds, which size and which windows."""
from __future__ import annotations
import argparse
from pathlib import Path

import pretraining_files as files
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS
from reference_model import TASKS, reference_model, reference_state_dict

from upocr_mm.checkpoint import (convert_released, detect_arch,
                                 encoder_settings, export_released,
                                 find_weights, kind_of, other_entries,
                                 tasks_of_run, windows_of)

CONFIGS = Path(__file__).parents[2] / 'configs'
DATA_CONFIGS = [
    f'data_configs/train/{name}.yaml'
    for name in ('scut-enstext', 'tampered-ic13', 'textseg')
]


def test_kinds() -> None:
    upocr = reference_state_dict()
    assert kind_of(upocr) == 'upocr'
    # of a model without prompts (Table 13), or damaged: not of ViTEraser
    assert kind_of(n for n in upocr if 'prompt' not in n) == 'upocr'
    eraser = files.KEYS['viteraser']
    assert kind_of(eraser) == 'viteraser'
    assert kind_of(n for n in eraser if 'mask_conv' not in n) == 'viteraser'
    assert kind_of(files.KEYS['segmim']) == 'segmim'
    assert kind_of(files.KEYS['segmim_finetune']) == 'segmim_encoder'
    assert kind_of(files.segmim_encoder()) == 'segmim_encoder'
    assert kind_of(files.microsoft()['model']) == 'swinv2'


def test_other_files() -> None:
    with pytest.raises(ValueError, match=r"no weights.*\['conv.weight'\]"):
        kind_of(['conv.weight'])
    with pytest.raises(ValueError, match='nothing to convert'):
        kind_of(['backbone.stages.0.blocks.0.norm1.weight', 'x'])
    with pytest.raises(ValueError, match="no state dict.*'epoch'"):
        find_weights(dict(epoch=1))


def test_state_dict_of_a_file() -> None:
    one = torch.ones(1)
    for content in (dict(a=one), dict(model={'module.a': one}, b=one),
                    dict(state_dict=dict(a=one), epoch=3)):
        assert find_weights(content) == dict(a=one)
    content = dict(model=dict(a=one), discriminator={'module.b': one})
    assert find_weights(content) == {'a': one, 'discriminator.b': one}


def test_what_else_is_in_a_file() -> None:
    entries = other_entries(files.viteraser())
    assert {
        name: count
        for name, (count, _) in entries.items()
    } == dict(
        optimizer_G=2, optimizer_D=2, epoch=0, args=0)
    assert entries['optimizer_D'][1].startswith('state of the optimizer')
    assert set(other_entries(
        files.segmim())) == {'optimizer', 'lr_scheduler', 'scaler', 'epoch'}
    assert other_entries(dict(
        a=torch.ones(1), epoch=3)) == dict(epoch=(0, 'about the training'))
    with pytest.raises(
            ValueError,
            match=r"there is ema \(1 tensors\), but only \['\*opt"):
        other_entries(dict(model={}, ema=dict(a=torch.ones(1)), epoch=3))


def build(size: str) -> torch.nn.Module:
    path, = (CONFIGS / 'upocr').glob(f'*-{size[0]}_released-512x512.py')
    cfg = Config.fromfile(path, import_custom_modules=False)
    cfg.model.losses = None
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(cfg.model)


@pytest.mark.parametrize('size', ['tiny', 'small', 'base'])
def test_sizes(size: str) -> None:
    """Shapes tell the size; the named configuration takes the weights."""
    state = build(size).state_dict()
    weights = export_released(state)
    assert detect_arch(weights) == size
    result = convert_released(weights, state)
    assert all(torch.equal(result.state_dict[k], v) for k, v in state.items())
    encoder = {
        name.replace(files.ENCODER, ''): value
        for name, value in weights.items() if name.startswith(files.ENCODER)
    }
    assert detect_arch(encoder) == size
    assert encoder_settings(encoder) == encoder_settings(weights)
    # windows of Table 7
    assert windows_of(weights) == dict(
        encoder=[(8, 16) if size == 'base' else (16, 16)],
        decoder=[(16, 8) if size == 'tiny' else (8, 8)])


def test_unknown_size() -> None:
    with pytest.raises(
            ValueError, match="none of the known sizes.*'depths'.*--config"):
        detect_arch(reference_state_dict())


@pytest.mark.parametrize('window, pretrained', [(16, 16), (16, 8), (8, 8),
                                                (8, 16), (24, 12), (7, 7)])
def test_windows(window: int, pretrained: int) -> None:
    """They show in the table of coordinates."""
    table = files.coords_table(window, pretrained)
    for name, part in (('layers.0.blocks.0.attn', 'encoder'),
                       ('backbone.stages.0.blocks.0.attn.w_msa', 'encoder'),
                       ('decoder.layers.0.blocks.0.attn', 'decoder'),
                       ('decode_head.stages.0.0.attn.w_msa', 'decoder')):
        assert windows_of({f'{name}.relative_coords_table': table}) == {
            part: [(window, pretrained)]
        }


def test_windows_that_differ_or_are_not_told() -> None:
    tables = {
        f'layers.{i}.blocks.0.attn.relative_coords_table':
        files.coords_table(w, w)
        for i, w in enumerate((16, 16, 16, 8))
    }
    assert windows_of(tables) == dict(encoder=[(16, 16), (8, 8)])
    assert windows_of(reference_state_dict()) == {}
    assert windows_of(reference_model().state_dict()) == dict(
        encoder=[(16, 16)], decoder=[(8, 8)])


def test_order_of_a_run() -> None:
    args = argparse.Namespace(data_cfg_paths=DATA_CONFIGS)
    assert tasks_of_run(args) == TASKS
    assert tasks_of_run(None) is None
    args.data_cfg_paths = ['mine.yaml']
    assert tasks_of_run(args) is None
