from __future__ import annotations
import copy

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from pretraining_files import segmim_cfg, viteraser_cfg


def build(cfg: dict) -> torch.nn.Module:
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(cfg)


def small_cfg() -> dict:
    cfg = viteraser_cfg()
    cfg['losses']['text_removal'].pop('feature')
    cfg['discriminator']['channels'] = (8, 8)
    return cfg


def batch(region: bool = True) -> dict:
    sample = SegDataSample(metainfo=dict(task='text_removal'))
    sample.gt_image = PixelData(
        data=torch.randint(0, 256, (3, 32, 32), dtype=torch.uint8))
    if region:
        sample.gt_text_mask = PixelData(
            data=torch.ones(1, 32, 32, dtype=torch.uint8))
    image = torch.randint(0, 256, (3, 32, 32), dtype=torch.uint8)
    return dict(inputs=[image], data_samples=[sample])


def optimizers(model: torch.nn.Module, **changes):
    player = dict(dict(optimizer=dict(type='SGD', lr=0.1)), **changes)
    with DefaultScope.overwrite_default_scope('mmseg'):
        return build_optim_wrapper(
            model,
            dict(
                constructor='SeparateOptimWrapperConstructor',
                generator=player,
                discriminator=player))


def test_each_player_has_its_own_parameters() -> None:
    model = build(small_cfg())
    wrappers = optimizers(model)
    ids = {
        name: {
            id(p)
            for g in wrappers[name].optimizer.param_groups
            for p in g['params']
        }
        for name in ('generator', 'discriminator')
    }
    for name, p in model.named_parameters():
        player = ('discriminator'
                  if name.startswith('discriminator.') else 'generator')
        assert id(p) in ids[player]
    assert sum(map(len, ids.values())) == len(list(model.parameters()))


@pytest.mark.parametrize('kind', ['OptimWrapper', 'Bfloat16OptimWrapper'])
def test_a_step_changes_all_and_leaves_no_gradients(kind: str) -> None:
    model = build(small_cfg()).train()
    before = copy.deepcopy(dict(model.named_parameters()))
    log = model.train_step(batch(), optimizers(model, type=kind))
    assert set(log) == {
        'loss', 'loss_pixel', 'loss_mask', 'loss_adversarial',
        'discriminator/loss', 'discriminator/loss_real',
        'discriminator/loss_fake'
    }
    log = {name: value.item() for name, value in log.items()}
    assert np.isfinite(list(log.values())).all()
    parts = [log[k] for k in ('loss_pixel', 'loss_mask', 'loss_adversarial')]
    assert log['loss'] == pytest.approx(sum(parts), rel=1e-5)
    parts = [log[f'discriminator/loss_{k}'] for k in ('real', 'fake')]
    assert log['discriminator/loss'] == pytest.approx(sum(parts), rel=1e-5)
    for name, p in model.named_parameters():
        assert p.requires_grad
        assert p.grad is None or not p.grad.any()
        if name.endswith('weight') and 'norm' not in name:
            assert not torch.equal(p, before[name]), name


def test_gradients_add_up() -> None:
    """With `accumulative_counts` both players wait for their step."""
    model = build(small_cfg()).train()
    wrappers = optimizers(model, accumulative_counts=2)
    for wrapper in wrappers.values():
        wrapper.initialize_count_status(model, 0, 4)
    before = copy.deepcopy(dict(model.named_parameters()))
    for changed in False, True:
        model.train_step(batch(), wrappers)
        for name in 'projection.weight', 'discriminator.fusion.weight':
            found = dict(model.named_parameters())[name]
            assert torch.equal(found, before[name]) != changed


def test_errors() -> None:
    model = build(small_cfg())
    with pytest.raises(ValueError, match='must have the entries .*generator'):
        model.train_step(batch(), optimizers(model)['generator'])
    with pytest.raises(ValueError, match='needs the text region of every'):
        model.train_step(batch(region=False), optimizers(model))
    with pytest.raises(ValueError, match='16x8 are too small for the 2 con'):
        model.discriminator(torch.rand(1, 3, 8, 16), torch.ones(1, 1, 8, 16))
    cfg = small_cfg()
    cfg['task_prompt']['positions'] = ['shared']
    with pytest.raises(ValueError, match='one task and positions=\\[\\]'):
        build(cfg)
    with DefaultScope.overwrite_default_scope('mmseg'):
        for name, message in (('head', r"\['head'\], but the model has only"),
                              ('paramwise_cfg', 'must stand in the entries')):
            with pytest.raises(ValueError, match=message):
                build_optim_wrapper(
                    model,
                    dict({
                        'constructor': 'SeparateOptimWrapperConstructor',
                        'generator': dict(optimizer=dict(type='SGD', lr=1)),
                        name: dict(optimizer=dict(type='SGD', lr=1))
                    }))


def test_segmim_errors() -> None:
    cfg = segmim_cfg()
    cfg['decode_head']['out_strides'] = (2, 1)
    with pytest.raises(ValueError, match=r'out_strides must be \(1, \)'):
        build(cfg)
    cfg['decode_head']['out_strides'] = (1, 2)
    with pytest.raises(ValueError, match='in this order, but got'):
        build(cfg)
    cfg = segmim_cfg()
    cfg['backbone']['type'] = 'PromptedSwinTransformerV2'
    with pytest.raises(ValueError, match='must be a MaskedSwinTransformerV2'):
        build(cfg)
    sample = SegDataSample(metainfo=dict(img_path='a.jpg'))
    model, image = build(segmim_cfg()), torch.rand(1, 3, 32, 32)
    with pytest.raises(ValueError, match='a.jpg has no gt_text_mask'):
        model(image, [sample], mode='loss')
    sample.gt_text_mask = PixelData(data=torch.ones(1, 32, 32))
    with pytest.raises(ValueError, match='masked_cells: the pipeline needs'):
        model(image, [sample], mode='loss')


def test_masked_cells_are_not_seen() -> None:
    """What is in a masked cell changes nothing, and everything else does."""
    model = build(segmim_cfg()).eval()
    first = torch.rand(1, 3, 64, 64)
    second = first.clone()
    second[..., 32:, :32] = torch.rand(1, 3, 32, 32)
    cells = torch.zeros(1, 1, 2, 2)
    with torch.no_grad():
        for masked in False, True:
            cells[0, 0, 1, 0] = masked
            pairs = zip(
                model.encode_decode(first, cells),
                model.encode_decode(second, cells))
            assert all(torch.equal(a, b) == masked for a, b in pairs)
        # and nothing masked is as without masking
        assert torch.equal(
            model.encode_decode(first, cells * 0)[1],
            model.encode_decode(first)[1])


def test_segmim_predicts_text_masks() -> None:
    model = build(segmim_cfg()).eval()
    sample = SegDataSample(metainfo=dict(ori_shape=(50, 70)))
    found, = model(torch.rand(1, 3, 40, 64), [sample], mode='predict')
    assert found.pred_sem_seg.data.shape == (1, 50, 70)
    assert found.pred_sem_seg.data.unique().tolist() in ([0], [1], [0, 1])
