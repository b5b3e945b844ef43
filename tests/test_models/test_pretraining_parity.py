"""SegMIM and ViTEraser train as the reference implementation does.

The numbers under ``tests/data`` were made once with the reference
implementation, on weights and images that formulas give.
"""
from __future__ import annotations
import json

import numpy as np
import pretraining_files as files
import pytest
import torch
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from parity_data import parity_image, parity_value
from reference_model import DATA

from upocr_mm.checkpoint import convert_released, export_released, find_weights

TRAINING = json.loads((DATA / 'parity_pretraining_tiny.json').read_text())
FORWARD = np.load(DATA / 'parity_viteraser_forward_tiny.npz')


def build(cfg: dict, weights: dict) -> torch.nn.Module:
    """The model with weights of the reference, in training mode."""
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg)
    result = convert_released(weights, model.state_dict())
    done = model.load_state_dict(result.state_dict, strict=False)
    assert not done.unexpected_keys
    assert set(done.missing_keys) >= set(result.missing)
    return model.train()


def text_region(h: int, w: int) -> torch.Tensor:
    region = torch.zeros(1, h, w, dtype=torch.uint8)
    region[:, 20:60, 30:90] = 1
    region[:, 80:100, 10:150] = 1
    return region


def inputs(h: int, w: int) -> torch.Tensor:
    return torch.from_numpy(
        np.stack([parity_image(seed, h, w) for seed in (1, 2)]))


def samples(h: int, w: int, **fields: list) -> list[SegDataSample]:
    """Two samples with the text region and other fields."""
    found = []
    for i in range(2):
        sample = SegDataSample(metainfo=dict(task='text_removal'))
        sample.gt_text_mask = PixelData(data=text_region(h, w))
        sample.set_data({
            name: PixelData(data=data[i])
            for name, data in fields.items()
        })
        found.append(sample)
    return found


def optimizers(model: torch.nn.Module, cfg: dict) -> OptimWrapper:
    with DefaultScope.overwrite_default_scope('mmseg'):
        return build_optim_wrapper(model, cfg)


def check_after(weights: dict, expected: dict) -> None:
    for name, (total, norm) in expected.items():
        value = weights[name].double()
        assert value.sum().item() == pytest.approx(
            total, rel=1e-4, abs=1e-4 * norm), name
        assert value.norm().item() == pytest.approx(norm, rel=1e-4), name


# ViTEraser


class AsItIs(torch.nn.Module):
    """A data preprocessor for batches that need none."""

    def forward(self, data: dict, training: bool) -> dict:
        return data


def viteraser() -> torch.nn.Module:
    weights = find_weights(
        dict(
            model=files.weights('viteraser', (16, 8), (8, 8)),
            discriminator=files.weights('discriminator', (16, 8), (8, 8))))
    model = build(files.viteraser_cfg(), weights)
    vgg = model.losses['text_removal']['feature'].vgg
    vgg.load_state_dict({
        name:
        torch.from_numpy(parity_value(f'features.{name}', value.shape))
        for name, value in vgg.state_dict().items()
    })
    return model


def test_viteraser_forward() -> None:
    model = viteraser().eval()
    with torch.no_grad():
        images, mask = model.erase(inputs(256, 256)[:1])
    found = dict(zip(('quarter', 'half', 'full'), images), mask=mask)
    for name, value in found.items():
        # Every so many-th row and column is stored.
        step = value.shape[-1] // 64
        value = value[0, :, ::step, ::step].numpy()
        assert value.shape == FORWARD[name].shape
        assert np.abs(value - FORWARD[name]).max() < 1e-4


def test_viteraser_training() -> None:
    """Discriminator first, then the generator against the new one."""
    model = viteraser()
    optim_wrapper = optimizers(
        model,
        dict(
            constructor='SeparateOptimWrapperConstructor',
            generator=dict(
                optimizer=dict(type='AdamW', lr=1e-4, weight_decay=1e-4),
                paramwise_cfg=dict(
                    custom_keys=dict(backbone=dict(lr_mult=0.1)))),
            discriminator=dict(
                optimizer=dict(type='AdamW', lr=1e-4, weight_decay=1e-4))))
    norms = []
    step = optim_wrapper['generator'].step

    def noting_step() -> None:
        grads = [
            p.grad for name, p in model.named_parameters()
            if not name.startswith('discriminator.')
        ]
        norms.append(torch.norm(torch.stack([g.norm() for g in grads])))
        assert all(p.grad is None or not p.grad.any()
                   for p in model.discriminator.parameters())
        step()

    optim_wrapper['generator'].step = noting_step
    model.data_preprocessor = AsItIs()
    targets = torch.from_numpy(
        np.stack([parity_image(seed, 256, 256) for seed in (11, 12)]))
    batch = dict(
        inputs=inputs(256, 256),
        data_samples=samples(256, 256, gt_image=targets))
    for expected in TRAINING['viteraser']['trajectory']:
        log = model.train_step(batch, optim_wrapper)
        found = dict(
            MSR_loss=log['loss_pixel'],
            prc_loss=log['loss_perceptual'],
            style_loss=log['loss_style'],
            D_fake=log['loss_adversarial'],
            mask_loss=log['loss_mask'],
            D_loss=log['discriminator/loss'],
            G_total=log['loss'],
            G_grad_norm=norms.pop())
        for name, value in found.items():
            # A mean of values of both signs: weights changed by 1e-7 move it
            # by 2e-3 of itself within the three steps.
            bound = dict(abs=1e-4) if name == 'D_fake' else dict(rel=1e-3)
            assert value.item() == pytest.approx(expected[name],
                                                 **bound), (name, expected)
    weights = export_released(model.state_dict(), kind='viteraser')
    check_after(weights, TRAINING['viteraser']['after'])
    check_after(
        weights, {
            f'discriminator.{name}': value
            for name, value in TRAINING['viteraser']
            ['discriminator_after'].items()
        })


# SegMIM


def masked_cells() -> list[torch.Tensor]:
    """60 % of the 4 x 5 cells of each sample."""
    found = []
    for i in range(2):
        cells = torch.zeros(20)
        cells[np.random.RandomState(5 + i).permutation(20)[:12]] = 1
        found.append(cells.view(1, 4, 5))
    return found


# Of the first stage alone. The mask token decays, as the numbers say.
NO_DECAY = {name: dict(decay_mult=0.) for name in ('cpb_mlp', 'logit_scale')}
FLAT = dict(norm_decay_mult=0., bias_decay_mult=0., flat_decay_mult=0.)


def train(model: torch.nn.Module, optim_wrapper: OptimWrapper,
          trajectory: list[dict], names: dict[str, str], **fields) -> None:
    for expected in trajectory:
        losses = model(
            inputs(128, 160), samples(128, 160, **fields), mode='loss')
        total, log = model.parse_losses(losses)
        for ours, theirs in names.items():
            assert log[ours].item() == pytest.approx(
                expected[theirs], rel=1e-3), ours
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 5)
        assert norm.item() == pytest.approx(expected['grad_norm'], rel=1e-3)
        optim_wrapper.step()
        optim_wrapper.zero_grad()


def test_segmim_training() -> None:
    model = build(files.segmim_cfg(), files.weights('segmim', (8, 8), (8, 8)))
    optim_wrapper = optimizers(
        model,
        dict(
            optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05),
            paramwise_cfg=dict(custom_keys=NO_DECAY, **FLAT)))
    decays = [
        group['weight_decay'] for group in optim_wrapper.optimizer.param_groups
        for _ in group['params']
    ]
    assert [[decays.count(0.05), 0.05], [decays.count(0.),
                                         0.]] == TRAINING['segmim']['groups']
    assert len(decays) == 97 + 278
    train(
        model,
        optim_wrapper,
        TRAINING['segmim']['trajectory'],
        dict(loss_reconstruction='mim', loss_text='textseg', loss='total'),
        masked_cells=masked_cells())
    check_after(
        export_released(model.state_dict(), kind='segmim'),
        TRAINING['segmim']['after'])


def test_segmim_encoder_training() -> None:
    """Each tensor at its own rate, the decoder and three norms untouched."""
    weights = files.weights('segmim_finetune', (8, 8), (8, 8))
    expected = TRAINING['segmim_finetune']
    cfg = dict(files.segmim_cfg(), reconstruction_loss=None)
    model = build(cfg, weights)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    optim_wrapper = optimizers(
        model,
        dict(
            constructor='mmpretrain.LearningRateDecayOptimWrapperConstructor',
            optimizer=dict(type='AdamW', lr=1.25e-3, weight_decay=0.05),
            paramwise_cfg=dict(layer_decay_rate=0.75, **FLAT)))
    names = {id(p): name for name, p in model.named_parameters()}
    rates, groups = {}, {}
    for group in optim_wrapper.optimizer.param_groups:
        for p in group['params']:
            name = names[id(p)]
            # As in their file: the text head is not in its bare names.
            state = export_released(
                {
                    **{
                        k: v
                        for k, v in before.items() if 'relative' not in k
                    }, name: torch.full_like(p, 7.)
                },
                kind='segmim')
            theirs, = [k for k, v in state.items() if (v == 7).all()]
            rates[theirs] = group['lr']
            key = round(group['lr'], 9), group['weight_decay']
            groups[key] = groups.get(key, 0) + 1
    assert rates == expected['lr_of']
    assert groups == {
        (round(lr, 9), decay): n
        for lr, decay, n in expected['groups']
    }
    train(model, optim_wrapper, expected['trajectory'],
          dict(loss_text='textseg', loss='textseg'))
    after = model.state_dict()
    check_after(export_released(after, kind='segmim'), expected['after'])
    for name, value in before.items():
        unused = name.startswith(
            ('decode_head.', 'projection.', 'backbone.norm0', 'backbone.norm1',
             'backbone.norm2', 'backbone.mask_token'))
        if unused or not value.is_floating_point() or 'relative' in name:
            assert torch.equal(after[name], value), name
        else:
            assert not torch.equal(after[name], value), name
