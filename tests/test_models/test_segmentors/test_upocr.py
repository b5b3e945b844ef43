from __future__ import annotations
from contextlib import nullcontext

import pytest
import torch
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from reference_model import TASKS, reference_model, reference_model_cfg

from upocr_mm.models import VGGFeatureLoss


def build(**kwargs) -> torch.nn.Module:
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(dict(reference_model_cfg(), **kwargs))


def sample(task: str, **metainfo) -> SegDataSample:
    return SegDataSample(metainfo=dict(task=task, **metainfo))


def outputs(model, inputs: torch.Tensor,
            tasks: list[str]) -> list[torch.Tensor]:
    with torch.no_grad():
        return model(inputs, [sample(task) for task in tasks], mode='tensor')


def test_order_and_company_do_not_matter() -> None:
    model = reference_model()
    images = torch.rand(3, 3, 64, 96)
    together = outputs(model, images, TASKS)
    order = [2, 0, 1]
    shuffled = outputs(model, images[order], [TASKS[i] for i in order])
    for i in range(3):
        alone = outputs(model, images[i:i + 1], [TASKS[i]])
        for scale in range(3):
            expected = alone[scale][0]
            assert torch.allclose(together[scale][i], expected, atol=1e-4)
            assert torch.allclose(
                shuffled[scale][order.index(i)], expected, atol=1e-4)


def test_the_prompt_decides() -> None:
    model = reference_model()
    images = torch.rand(1, 3, 64, 64).expand(2, -1, -1, -1)
    full = outputs(model, images, TASKS[:2])[-1]
    assert (full[0] - full[1]).abs().max() > 0.1
    with torch.no_grad():
        for prompt in model.task_prompt.prompts.values():
            prompt.zero_()
    full = outputs(model, images, TASKS[:2])[-1]
    # CPUs may round differently at another place of the batch.
    assert torch.allclose(full[0], full[1], atol=1e-4)


@pytest.mark.parametrize('hw', [(64, 64), (33, 95), (1, 1), (70, 41)])
def test_any_size(hw: tuple[int, int]) -> None:
    model = reference_model()
    h, w = hw
    image = torch.rand(1, 3, h, w)
    images = outputs(model, image, TASKS[:1])
    assert [tuple(i.shape) for i in images] == [
        (1, 3, -(-h // s), -(-w // s)) for s in (4, 2, 1)
    ]  # yapf: disable
    # padded by the border's pixels to multiples of 32, and cropped back
    padded = torch.nn.functional.pad(
        image, (0, -w % 32, 0, -h % 32), mode='replicate')
    whole = outputs(model, padded, TASKS[:1])[-1]
    assert torch.allclose(images[-1], whole[..., :h, :w], atol=1e-5)


def test_predict_returns_to_the_original_size() -> None:
    model = reference_model()
    inputs = torch.rand(3, 3, 64, 64)
    samples = [
        sample(task, ori_shape=shape)
        for task, shape in zip(TASKS, [(64, 64), (50, 100), (128, 32)])
    ]
    raw = outputs(model, inputs, TASKS)[-1]
    with torch.no_grad():
        results = model(inputs, samples, mode='predict')
    assert 'pred_sem_seg' not in results[0]
    assert torch.equal(results[0].pred_image.data, raw[0].clamp(0, 1))
    for result, image in zip(results[1:], raw[1:]):
        # clamped before it is resized
        resized = torch.nn.functional.interpolate(
            image[None].clamp(0, 1),
            result.ori_shape,
            mode='bilinear',
            align_corners=False)[0]
        assert torch.equal(result.pred_image.data, resized)
        assert result.pred_sem_seg.data.shape == (1, *result.ori_shape)
    # the reference's colors: background red, real green, tampered blue
    assert torch.equal(results[1].pred_sem_seg.data[0],
                       results[1].pred_image.data.argmax(0))
    assert torch.equal(results[2].pred_sem_seg.data[0],
                       (results[2].pred_image.data.mean(0) > 0.4).long())


def labeled(task: str) -> SegDataSample:
    torch.manual_seed(len(task))
    result = sample(task)
    if task == 'text_removal':
        result.gt_image = PixelData(data=torch.rand(3, 32, 32))
    else:
        result.gt_sem_seg = PixelData(data=torch.randint(0, 2, (1, 32, 32)))
    return result


PIXEL = {task: dict(pixel=dict(type='MultiScalePixelLoss')) for task in TASKS}


def test_loss_is_each_tasks_own() -> None:
    model = reference_model(PIXEL)
    images = torch.rand(4, 3, 32, 32)
    tasks = [TASKS[1], TASKS[0], TASKS[1], TASKS[2]]
    samples = [labeled(task) for task in tasks]
    together = model(images, samples, mode='loss')
    assert set(together) == {f'{task}/loss_pixel' for task in TASKS}
    for task in TASKS:
        indices = [i for i, name in enumerate(tasks) if name == task]
        alone = model(
            images[indices], [samples[i] for i in indices], mode='loss')
        assert list(alone) == [f'{task}/loss_pixel']
        assert alone[f'{task}/loss_pixel'].item() == pytest.approx(
            together[f'{task}/loss_pixel'].item(), rel=1e-5)


def test_initialization_reaches_the_losses(monkeypatch) -> None:
    """VGG-16 is read before the training, not in its first iteration."""
    calls = []
    monkeypatch.setattr(VGGFeatureLoss, '_load_once',
                        lambda loss: calls.append(loss))
    model = reference_model(
        dict(
            text_removal=dict(
                feature=dict(type='VGGFeatureLoss', weights='random'))))
    assert not calls
    model.init_weights()
    assert calls == [model.losses['text_removal']['feature']]


def test_mmengine_adds_all_losses_up() -> None:
    model = reference_model(PIXEL)
    losses = model(
        torch.rand(3, 3, 32, 32), [labeled(task) for task in TASKS],
        mode='loss')
    total, logged = model.parse_losses(losses)
    assert total.item() == pytest.approx(
        sum(loss.item() for loss in losses.values()), rel=1e-6)
    assert set(losses) < set(logged)


def test_errors() -> None:
    model = reference_model()
    images = torch.rand(1, 3, 32, 32)
    for samples in None, [SegDataSample()], [sample(TASKS[0])] * 2:
        with pytest.raises(ValueError, match='names its task'):
            model(images, samples, mode='tensor')
    with pytest.raises(ValueError, match='no prompt for.*deblurring'):
        model(images, [sample('deblurring')], mode='tensor')
    with pytest.raises(ValueError, match='no losses.*text_removal'):
        model(images, [labeled('text_removal')], mode='loss')
    codecs = reference_model_cfg()['codecs']
    with pytest.raises(ValueError, match="codecs.*text_removal'"):
        build(codecs={k: v for k, v in codecs.items() if k != 'text_removal'})
    with pytest.raises(ValueError, match='losses names.*deblurring'):
        build(losses=dict(deblurring={}))


def test_frozen_but_one_prompt() -> None:
    """One prompt learns; the other tasks keep their outputs bit for bit."""
    name = f'task_prompt.prompts.{TASKS[1]}'
    losses = {
        TASKS[1]:
        dict(pixel=dict(type='MultiScalePixelLoss', distance='smooth_l1'))
    }
    cfg = reference_model_cfg(losses)
    cfg['backbone']['drop_path_rate'] = 0.5
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(dict(cfg, trainable=[name]))
    images = torch.rand(1, 3, 64, 64)
    before = outputs(model.eval(), images, TASKS[:1])
    model.train()
    # Nothing is left to chance: what is frozen is in evaluation mode.
    assert not model.backbone.training and not model.decode_head.training
    assert model.training and model.task_prompt.training
    labeled = sample(TASKS[1])
    labeled.gt_sem_seg = PixelData(data=torch.ones(1, 64, 64).long())
    trained = [p for p in model.parameters() if p.requires_grad]
    assert [id(p)
            for p in trained] == [id(model.task_prompt.prompts[TASKS[1]])]
    optimizer = torch.optim.AdamW(trained, lr=0.1)
    prompt = trained[0].detach().clone()
    sum(model(images, [labeled], mode='loss').values()).backward()
    optimizer.step()
    assert not torch.equal(prompt, trained[0])
    after = outputs(model.eval(), images, TASKS[:1])
    assert all(torch.equal(a, b) for a, b in zip(before, after))


def test_trainable_part_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="trainable names 'task_prompts'"):
        build(trainable=['task_prompts'])


def test_task_meta() -> None:
    assert reference_model().task_meta == dict(
        tasks=list(TASKS),
        palettes=dict(
            text_segmentation=[[0, 0, 0], [255, 255, 255]],
            tampered_text_detection=[[255, 0, 0], [0, 255, 0], [0, 0, 255]]))


def test_sizes_of_encoder_and_decoder_must_agree() -> None:
    cfg = reference_model_cfg()
    cfg['decode_head'] = dict(cfg['decode_head'], arch='nano')
    with pytest.raises(
            ValueError, match='backbone.arch and decode_head.arch to the same'
    ), DefaultScope.overwrite_default_scope('mmseg'):
        MODELS.build(cfg)


STOCK = [
    dict(
        type='ResNet',
        depth=18,
        num_stages=4,
        out_indices=(0, 1, 2, 3),
        channels=(64, 128, 256, 512)),
    dict(
        type='SwinTransformer',
        embed_dims=24,
        depths=[1, 1, 1, 1],
        num_heads=[1, 2, 4, 8],
        channels=(24, 48, 96, 192)),
    dict(
        type='mmpretrain.ConvNeXt',
        arch=dict(depths=[1, 1, 1, 1], channels=[8, 16, 32, 64]),
        out_indices=(0, 1, 2, 3),
        gap_before_final_norm=False,
        channels=(8, 16, 32, 64)),
]


def with_backbone(backbone: dict, positions: list[str]) -> torch.nn.Module:
    backbone = dict(backbone)
    cfg = reference_model_cfg(PIXEL)
    cfg['decode_head'].update(in_channels=backbone.pop('channels'))
    cfg['task_prompt'].update(positions=positions)
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(dict(cfg, backbone=backbone))


@pytest.mark.parametrize('backbone', STOCK, ids=lambda b: b['type'])
def test_stock_backbones(backbone: dict) -> None:
    """Encoders of MMSegmentation and mmpretrain train and predict."""
    model = with_backbone(backbone, ['shared', 'decoder'])
    losses = model.train()(
        torch.rand(3, 3, 32, 32), [labeled(task) for task in TASKS],
        mode='loss')
    sum(losses.values()).backward()
    # all of the network learns, through every feature
    assert all(p.grad is not None for p in model.parameters()
               if p.requires_grad)
    images = model.eval().predict_tasks(torch.rand(1, 3, 50, 70), TASKS)
    assert [image.shape for image in images] == 3 * [(1, 3, 50, 70)]


def test_stock_backbone_takes_no_prompts() -> None:
    with pytest.raises(ValueError, match="'encoder'.*ResNet has no place"):
        with_backbone(STOCK[0], ['encoder'])


def test_stock_backbone_of_other_strides() -> None:
    backbone = dict(STOCK[0], strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4))
    model = with_backbone(backbone, ['shared'])
    with pytest.raises(ValueError, match=r'strides \(4, 8, 8, 8\).*32'):
        model.predict_tasks(torch.rand(1, 3, 64, 64), TASKS)


def test_stock_backbone_of_other_channels() -> None:
    model = with_backbone(dict(STOCK[0], channels=(64, 128, 256, 99)), [])
    with pytest.raises(ValueError, match='in_channels.*of the backbone'):
        model.eval().predict_tasks(torch.rand(1, 3, 32, 32), TASKS[:1])


def test_a_training_step_never_waits_for_the_device(monkeypatch) -> None:
    """On the meta device nothing has a value that could be asked for."""
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    losses = {
        task: dict(pixel=dict(type='MultiScalePixelLoss'))
        for task in TASKS
    }
    losses['text_removal'] = dict(
        pixel=dict(type='MultiScalePixelLoss', outside_weights=(0.8, 1., 2.)),
        feature=dict(type='VGGFeatureLoss', weights='random'))
    model = build(losses=losses).train().to('meta')
    samples = []
    for task in (*TASKS, *TASKS):
        one = sample(task)
        one.gt_image = PixelData(data=torch.rand(3, 64, 64, device='meta'))
        one.gt_text_mask = one.gt_sem_seg = PixelData(
            data=torch.zeros(1, 64, 64, dtype=torch.long, device='meta'))
        samples.append(one)
    inputs = torch.rand(6, 3, 64, 64, device='meta')
    losses = model.loss(inputs, samples)
    total = sum(losses.values())
    with pytest.raises(Exception, match='(?i)meta'):
        total.item()
    total.backward()
    assert all(p.grad is not None for p in model.parameters())
