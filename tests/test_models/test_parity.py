"""The model computes what the reference implementation computes.

The numbers under ``tests/data`` were made once with the reference
implementation, on weights and images that formulas give.
"""
from __future__ import annotations
import json

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from parity_data import parity_image, parity_value
from reference_model import DATA, TASKS, reference_model

from upocr_mm.checkpoint import export_released

H, W = 128, 160
FORWARD = np.load(DATA / 'parity_forward_tiny.npz')
TRAINING = json.loads((DATA / 'parity_training_tiny.json').read_text())
# Of the output images every so many-th row and column is stored.
STEP = dict(quarter=1, half=2, full=4)
# our names of the reference's losses
LOSSES = {
    'text_removal/loss_pixel': 'removal_MSR_loss',
    'text_removal/loss_perceptual': 'removal_prc_loss',
    'text_removal/loss_style': 'removal_style_loss',
    'text_segmentation/loss_pixel': 'seg_l1_loss',
    'tampered_text_detection/loss_pixel': 'ttd_l1_loss',
}


def test_parameters() -> None:
    model = reference_model()
    assert sum(p.numel() for p in model.parameters()) == 3265791
    assert len(list(
        model.backbone.parameters())) == TRAINING['n_encoder_params']
    # one tensor holds all three prompts in the reference
    assert len(list(model.parameters())) - len(
        list(model.backbone.parameters())) == TRAINING['n_other'] + 2


def test_encoder() -> None:
    image = torch.from_numpy(parity_image(1, H, W))[None]
    with torch.no_grad():
        feats = reference_model().backbone(image)
    assert len(feats) == 4
    for i, feat in enumerate(feats):
        assert np.abs(feat[0].numpy() - FORWARD[f'enc/{i}']).max() < 1e-4


@pytest.mark.parametrize('task', TASKS)
def test_output_images(task: str) -> None:
    image = torch.from_numpy(parity_image(1, H, W))[None]
    sample = SegDataSample(metainfo=dict(task=task))
    with torch.no_grad():
        outputs = reference_model()(image, [sample], mode='tensor')
    for name, output in zip(('quarter', 'half', 'full'), outputs):
        expected = FORWARD[f'out/{task}/{name}']
        found = output[0, :, ::STEP[name], ::STEP[name]].numpy()
        assert np.abs(found - expected).max() < 1e-4


def training_samples() -> list[SegDataSample]:
    """Removal, tampering and segmentation with the targets of the run."""
    region = torch.zeros(1, H, W, dtype=torch.uint8)
    region[:, 20:60, 30:90] = 1
    region[:, 80:100, 10:150] = 1
    text = torch.zeros(1, H, W, dtype=torch.long)
    text[:, 24:40, 40:80] = 1
    text[:, 60:70, 20:50] = 1
    text[:, :10] = 255
    tampered = torch.zeros(1, H, W, dtype=torch.long)
    tampered[:, 30:50, 10:60] = 1
    tampered[:, 90:120, 70:140] = 2
    fields = [
        dict(
            gt_image=torch.from_numpy(parity_image(11, H, W)),
            gt_text_mask=region),
        dict(gt_sem_seg=tampered),
        dict(gt_sem_seg=text),
    ]
    samples = []
    for task, tensors in zip(TASKS, fields):
        sample = SegDataSample(metainfo=dict(task=task))
        sample.set_data({k: PixelData(data=v) for k, v in tensors.items()})
        samples.append(sample)
    return samples


def training_model() -> torch.nn.Module:
    """The reference model with the losses of the run."""
    smooth = dict(pixel=dict(type='MultiScalePixelLoss', distance='smooth_l1'))
    model = reference_model(
        dict(
            text_removal=dict(
                pixel=dict(
                    type='MultiScalePixelLoss', outside_weights=(0.8, 1, 2)),
                feature=dict(type='VGGFeatureLoss', weights='random')),
            text_segmentation=smooth,
            tampered_text_detection=smooth))
    vgg = model.losses['text_removal']['feature'].vgg
    vgg.load_state_dict({
        name:
        torch.from_numpy(parity_value(f'features.{name}', value.shape))
        for name, value in vgg.state_dict().items()
    })
    return model.train()


def test_four_training_steps() -> None:
    model = training_model()
    encoder = set(model.backbone.parameters())
    optimizer = torch.optim.AdamW([
        dict(params=list(encoder), lr=1e-5),
        dict(params=[p for p in model.parameters() if p not in encoder])
    ],
                                  lr=1e-4,
                                  weight_decay=1e-4)
    inputs = torch.from_numpy(
        np.stack([parity_image(seed, H, W) for seed in (1, 2, 3)]))
    samples = training_samples()
    for expected in TRAINING['trajectory']:
        losses = model(inputs, samples, mode='loss')
        assert set(losses) == set(LOSSES)
        for ours, theirs in LOSSES.items():
            assert losses[ours].item() == pytest.approx(
                expected[theirs], rel=1e-3), ours
        total = sum(losses.values())
        assert total.item() == pytest.approx(expected['total'], rel=1e-3)
        optimizer.zero_grad()
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        assert norm.item() == pytest.approx(expected['grad_norm'], rel=1e-3)
        optimizer.step()

    state = export_released(model.state_dict())
    for name, (total, norm) in TRAINING['after'].items():
        value = state[name].double()
        assert value.sum().item() == pytest.approx(total, rel=1e-4), name
        assert value.norm().item() == pytest.approx(norm, rel=1e-4), name
