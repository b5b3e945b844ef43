"""Released weights in our form."""
from __future__ import annotations
from pathlib import Path

import numpy as np
import pretraining_files as files
import pytest
import torch
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpretrain.models.backbones import SwinTransformerV2
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from parity_data import parity_image
from reference_model import (DATA, TASKS, reference_model, reference_model_cfg,
                             reference_state_dict)
from tiny_run import tiny_cfg

from upocr_mm.checkpoint import (convert_released, export_released,
                                 replace_encoder)
from upocr_mm.checkpoint.compare import DERIVED

PROMPTS = 'task_prompt.task_embedding.weight'
TABLE = 'decoder.layers.0.blocks.0.attn.relative_coords_table'


def build(cfg: dict) -> torch.nn.Module:
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(cfg).eval()


def load(model: torch.nn.Module, state: dict) -> None:
    """Load all that is not computed from the window size."""
    done = model.load_state_dict(state, strict=False)
    assert not done.unexpected_keys
    assert all(DERIVED.search(name) for name in done.missing_keys)


@pytest.fixture(scope='module')
def released() -> dict[str, torch.Tensor]:
    """A released state dict of UPOCR, with what they carry besides."""
    tables = export_released(reference_model().state_dict())
    tables = {k: v for k, v in tables.items() if 'relative_' in k}
    vgg = {'vgg16.features.0.weight': torch.zeros(64, 3, 3, 3)}
    return dict(reference_state_dict(), **tables, **vgg)


def test_there_and_back(released: dict) -> None:
    model = reference_model()
    result = convert_released(released, model.state_dict())
    model.load_state_dict(result.state_dict)
    back = export_released(model.state_dict())
    assert set(released) - set(back) == {'vgg16.features.0.weight'}
    assert all(torch.equal(back[name], released[name]) for name in back)
    assert not result.missing
    assert set(result.dropped) == {
        'vgg16.*', '*.relative_coords_table', '*.relative_position_index'
    }


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision(released: dict, dtype: torch.dtype) -> None:
    """The tables of windows are rounded as well, and are no other windows."""
    halves = {name: value.to(dtype) for name, value in released.items()}
    result = convert_released(halves, reference_model().state_dict())
    assert not result.missing
    name = 'projection.weight'
    assert torch.equal(result.state_dict[name], halves['proj.weight'])


def remove(state: dict) -> None:
    del state['proj.weight']


def rename(state: dict) -> None:
    state['proj.weights'] = state.pop('proj.weight')


def reshape(state: dict) -> None:
    state['proj.bias'] = torch.zeros(7)


def reshape_merging(state: dict) -> None:
    name = 'encoder.backbone.layers.0.downsample.reduction.weight'
    state[name] = torch.zeros(7)


def drop_prompt(state: dict) -> None:
    state[PROMPTS] = state[PROMPTS][:2]


def no_prompts(state: dict) -> None:
    del state[PROMPTS]


def other_window(state: dict) -> None:
    state[TABLE] = state[TABLE] * 7 / 15


def of_viteraser(state: dict) -> None:
    state['decoder.mask_conv.1.bias'] = torch.zeros(1)


@pytest.mark.parametrize('change, message', [
    (remove, r'^missing: proj.weight \(projection.weight of the model\)$'),
    (rename, '^unexpected: proj.weights$(?s:.*)^missing: proj.weight'),
    (reshape, r'^shape: projection.bias is \(7,\) instead of \(192,\)$'),
    (reshape_merging, r'^shape: backbone.stages.1.*is \(7,\) instead of'),
    (drop_prompt, '2 prompts, for 3 tasks'),
    (no_prompts, '^missing: task_prompt.prompts.text_removal'),
    (other_window, '^windows differ: decoder.layers.0.blocks.0.attn'),
    (of_viteraser, '^unexpected: decoder.mask_conv.1.bias$'),
])
def test_what_does_not_fit(released: dict, change, message: str) -> None:
    state = dict(released)
    change(state)
    with pytest.raises(ValueError, match=f'(?m){message}'):
        convert_released(state, reference_model().state_dict())


def test_viteraser_computes_what_the_reference_does() -> None:
    model = build(files.model_cfg(prompts=False))
    weights = files.viteraser()['model']
    result = convert_released(weights, model.state_dict())
    assert not result.missing
    assert {
        group: len(names)
        for group, names in result.dropped.items()
    } == {
        'vgg16.*': 1,
        'decoder.mask_conv.*': 6,
        '*.relative_coords_table': 18,
        '*.relative_position_index': 18
    }
    load(model, result.state_dict)
    expected = np.load(DATA / 'parity_viteraser_forward_tiny.npz')
    image = torch.from_numpy(parity_image(1, 256, 256))[None]
    sample = SegDataSample(metainfo=dict(task=TASKS[0]))
    with torch.no_grad():
        images = model(image, [sample], mode='tensor')
    for name, out, step in zip(('quarter', 'half', 'full'), images, (1, 2, 4)):
        found = out[0, :, ::step, ::step].numpy()
        assert found.shape == expected[name].shape
        assert np.abs(found - expected[name]).max() < 1e-4


def test_viteraser_lacks_only_prompts() -> None:
    expected = reference_model().state_dict()
    weights = files.viteraser()['model']
    result = convert_released(weights, expected)
    assert sorted(result.missing) == sorted(f'task_prompt.prompts.{task}'
                                            for task in TASKS)
    # Its windows are not those of UPOCR's configuration, and not kept.
    assert not any(DERIVED.search(name) for name in result.state_dict)
    assert torch.equal(result.state_dict['projection.weight'],
                       weights['pixel_embed.weight'])
    assert torch.equal(result.state_dict['decode_head.output_convs.2.weight'],
                       weights['decoder.erase_conv.weight'])


@pytest.mark.parametrize('name', [
    'pixel_embed.bias', 'decoder.erase_conv.weight', 'decoder.norm2.bias',
    'decoder.intermediate_convs.0.bias',
    'encoder.backbone.layers.1.blocks.0.attn.qkv.weight'
])
def test_viteraser_with_a_missing_tensor(name: str) -> None:
    weights = files.viteraser()['model']
    del weights[name]
    with pytest.raises(ValueError, match=f'(?m)^missing: {name} '):
        convert_released(weights, reference_model().state_dict())


def test_viteraser_with_an_unknown_tensor() -> None:
    weights = files.viteraser()['model']
    weights['seg_head.decoder.0.bias'] = torch.zeros(1)
    with pytest.raises(
            ValueError,
            match="(?s)'viteraser'.*unexpected: seg_head.decoder.0.bias$"):
        convert_released(weights, reference_model().state_dict())


def test_the_two_files_of_segmim() -> None:
    """All but the encoder from the first, the encoder from the second."""
    model = reference_model()
    expected = model.state_dict()
    weights, encoder = files.segmim()['model'], files.segmim_encoder()
    whole = convert_released(weights, expected)
    alone = convert_released(encoder, expected)
    result = replace_encoder(whole, alone)
    assert {
        group: len(names)
        for group, names in whole.dropped.items()
    } == {
        '*mask_token': 1,
        'seg_head.*': 2,
        '*.relative_coords_table': 18,
        '*.relative_position_index': 18
    }
    # ViTEraser predicts the smaller images, SegMIM does not.
    assert {name.rpartition('.')[0]
            for name in result.missing} == {
                'task_prompt.prompts', 'decode_head.norms.0',
                'decode_head.norms.1', 'decode_head.output_convs.0',
                'decode_head.output_convs.1'
            }
    assert set(result.state_dict) == set(whole.state_dict)
    back = export_released(
        dict(
            result.state_dict, **{
                name: expected[name]
                for name in result.missing if 'prompts' in name
            }))
    for name, value in weights.items():
        name = name.replace('pixel_embed',
                            'proj').replace('erase_conv', 'output_conv')
        if 'relative_' not in name and name in back:
            short = name.replace(files.ENCODER, '')
            assert torch.equal(back.pop(name), encoder.get(short, value))
    assert set(back) == {PROMPTS}

    # The features of the encoder alone and in the whole are the same.
    image = torch.from_numpy(parity_image(1, 64, 96))[None]
    found = []
    for state in (alone.state_dict, result.state_dict):
        model = reference_model()
        model.load_state_dict(state, strict=False)
        with torch.no_grad():
            found.append(model.backbone(image))
    assert all(torch.equal(a, b) for a, b in zip(*found))
    with torch.no_grad():
        other = reference_model().backbone(image)
    assert not any(torch.allclose(a, b) for a, b in zip(found[0], other))


def test_segmim_encoder_with_prefix_and_head() -> None:
    """As the training of the second stage saves it."""
    expected = reference_model().state_dict()
    bare = convert_released(files.segmim_encoder(), expected)
    result = convert_released(files.segmim_encoder(bare=False), expected)
    assert len(result.dropped['seg_head.*']) == 2
    assert 'seg_head.*' not in bare.dropped
    assert set(result.state_dict) == set(bare.state_dict)
    assert all(
        torch.equal(value, bare.state_dict[name])
        for name, value in result.state_dict.items())
    assert not any(name.startswith('backbone.') for name in result.missing)
    assert all(name.startswith('backbone.') for name in bare.state_dict)


@pytest.mark.parametrize('name', ['norm0.bias', 'norm3.weight'])
def test_segmim_encoder_with_a_missing_norm(name: str) -> None:
    """The norms of the outputs belong to it, unlike to Microsoft's."""
    encoder = files.segmim_encoder()
    del encoder[name]
    with pytest.raises(ValueError, match=f'(?m)^missing: {name} '):
        convert_released(encoder, reference_model().state_dict())


def test_viteraser_starts_a_training(tmp_path: Path, drawn_data: Path) -> None:
    """Prompts may be missing when a training starts, not in a test."""
    cfg = tiny_cfg(tmp_path / 'run', drawn_data, iters=1)
    runner = Runner.from_cfg(cfg)
    state = {
        k: v
        for k, v in runner.model.state_dict().items()
        if 'task_prompt' not in k and not DERIVED.search(k)
    }
    state['projection.bias'] = torch.full((64, ), 3.)
    file = tmp_path / 'viteraser.pth'
    torch.save(dict(state_dict=state, meta={}), file)
    cfg = tiny_cfg(tmp_path / 'start', drawn_data, iters=1)
    cfg.load_from = str(file)
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.model.projection.bias.mean().item() == pytest.approx(
        3, abs=0.01)
    cfg = tiny_cfg(tmp_path / 'test', drawn_data)
    cfg.load_from = str(file)
    with pytest.raises(ValueError, match='3 keys are missing: task_prompt'):
        Runner.from_cfg(cfg).test()


def test_segmim_starts_a_training(tmp_path: Path, drawn_data: Path) -> None:
    """What it is known to lack may be missing then, and only then."""
    cfg = tiny_cfg(tmp_path / 'run', drawn_data, iters=1)
    state = Runner.from_cfg(cfg).model.state_dict()
    missing = [
        name for name in state
        if name.startswith(('task_prompt.', 'decode_head.norms.0',
                            'decode_head.norms.1'))
    ]
    state = {k: v for k, v in state.items() if k not in missing}
    file = files.save(
        dict(state_dict=state, meta=dict(upocr=dict(missing=missing))),
        tmp_path / 'segmim.pth')
    cfg = tiny_cfg(tmp_path / 'start', drawn_data, iters=1)
    cfg.load_from = str(file)
    Runner.from_cfg(cfg).train()
    cfg = tiny_cfg(tmp_path / 'test', drawn_data)
    cfg.load_from = str(file)
    with pytest.raises(ValueError, match='7 keys are missing'):
        Runner.from_cfg(cfg).test()


def test_microsofts_swin(tmp_path: Path) -> None:
    """Microsoft's encoder: mmpretrain's features from both forms."""
    model = build(reference_model_cfg())
    result = convert_released(files.microsoft()['model'], model.state_dict())
    assert {
        group: len(names)
        for group, names in result.dropped.items()
    } == {
        'norm.*': 2,
        'head.*': 2,
        '*.attn_mask': 1,
        '*.relative_coords_table': 8,
        '*.relative_position_index': 8
    }
    assert {name
            for name in result.missing if name.startswith('backbone.')} == {
                f'backbone.norm{i}.{leaf}'
                for i in range(4)
                for leaf in ('weight', 'bias')
            }
    file = tmp_path / 'swin.pth'
    torch.save(dict(state_dict=result.state_dict), file)
    swin = SwinTransformerV2(
        arch=dict(
            embed_dims=24,
            depths=[2, 2, 2, 2],
            num_heads=[1, 2, 4, 8],
            extra_norm_every_n_blocks=0),
        window_size=16,
        pretrained_window_sizes=[16] * 4,
        pad_small_map=True,
        init_cfg=dict(
            type='Pretrained', checkpoint=str(file), prefix='backbone.'))
    swin.init_weights()
    model.load_state_dict(result.state_dict, strict=False)
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        swin.eval()
        expected, = swin(image)
        *_, found = model.backbone(image)
    assert torch.allclose(found, expected, atol=1e-5)
