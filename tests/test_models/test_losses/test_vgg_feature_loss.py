from __future__ import annotations
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models import vgg16

from upocr_mm.models import VGGFeatureLoss
from upocr_mm.models.losses.vgg_feature_loss import gram_matrix
from upocr_mm.models.task_codecs import ImageTarget


def data(n: int = 2) -> tuple[torch.Tensor, ImageTarget, torch.Tensor]:
    torch.manual_seed(0)
    pred, image, inputs = torch.rand(3, n, 3, 16, 24)
    region = (torch.rand(n, 1, 16, 24) > 0.5).float()
    return pred, ImageTarget(image, region), inputs


def test_gram_matrix_by_hand() -> None:
    feats = torch.tensor([[[[1., 2.]], [[3., 4.]]]])  # (1, 2, 1, 2)
    assert gram_matrix(feats).tolist() == [[[5 / 4, 11 / 4], [11 / 4, 25 / 4]]]


def test_equals_the_formulas() -> None:
    """Eqs. 5-7, written down independently."""
    loss = VGGFeatureLoss('random', perceptual_weight=1, style_weight=1)
    pred, target, inputs = data()
    out = loss([pred], target, inputs)
    m = target.region
    perceptual = style = 0
    for image in pred, m * pred + (1 - m) * inputs:
        for last in 5, 10, 17:
            a, b = loss.vgg[:last](image), loss.vgg[:last](target.image)
            perceptual += (a - b).abs().mean()
            grams = [
                torch.einsum('nchw,ndhw->ncd', f, f) / f[0].numel()
                for f in (a, b)
            ]
            style += (grams[0] - grams[1]).abs().mean()
    assert out['loss_perceptual'].item() == pytest.approx(
        perceptual.item(), rel=1e-5)
    assert out['loss_style'].item() == pytest.approx(style.item(), rel=1e-5)


def test_weights_of_the_paper() -> None:
    pred, target, inputs = data()
    one = VGGFeatureLoss('random', 1, 1)([pred], target, inputs)
    out = VGGFeatureLoss('random')([pred], target, inputs)
    assert (out['loss_perceptual'] /
            one['loss_perceptual']).item() == pytest.approx(0.01)
    assert (out['loss_style'] / one['loss_style']).item() == pytest.approx(120)


def test_zero_for_the_target_itself() -> None:
    _, target, _ = data()
    out = VGGFeatureLoss('random')([target.image], target, target.image)
    assert all(value.item() == 0 for value in out.values())


def test_neither_trained_nor_saved() -> None:
    loss = nn.Sequential(VGGFeatureLoss('random'))
    assert not list(loss.parameters())
    assert not loss.state_dict()
    pred, target, inputs = data()
    pred.requires_grad_()
    sum(loss[0]([pred], target, inputs).values()).backward()
    assert pred.grad.abs().sum() > 0
    assert all(p.grad is None for p in loss[0].vgg.parameters())


def test_follows_the_model() -> None:
    loss = nn.Sequential(VGGFeatureLoss('random')).double()
    assert loss[0].vgg[0].weight.dtype == torch.float64


def test_random_weights_are_fixed() -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    one = VGGFeatureLoss('random').vgg[0].weight
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert torch.equal(VGGFeatureLoss('random').vgg[0].weight, one)


def test_weights_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / 'vgg16.pth'
    state = {
        f'features.{i}.{name}': torch.randn_like(value)
        for i, layer in enumerate(vgg16(weights=None).features[:17])
        for name, value in layer.state_dict().items()
    }
    torch.save(state, file)
    loss = VGGFeatureLoss(str(file))
    assert not torch.equal(loss.vgg[0].weight, state['features.0.weight'])
    loss.init_weights()
    assert torch.equal(loss.vgg[0].weight, state['features.0.weight'])
    assert torch.equal(loss.vgg[14].bias, state['features.14.bias'])

    del state['features.5.bias']
    torch.save(state, file)
    with pytest.raises(ValueError, match=r'vgg16.pth.*features\.5\.bias'):
        VGGFeatureLoss(str(file)).init_weights()
    file.write_text('no weights')
    with pytest.raises(ValueError, match='vgg16.pth is damaged'):
        VGGFeatureLoss(str(file)).init_weights()


def test_download_by_name(tmp_path: Path, monkeypatch) -> None:
    """A name is not fetched before training, and a failure says what to do."""

    def no_network(*args, **kwargs):
        raise OSError('no network')

    monkeypatch.setattr('torchvision.models._api.load_state_dict_from_url',
                        no_network)
    loss = VGGFeatureLoss('IMAGENET1K_V1')
    with pytest.raises(ValueError, match='no network.*vgg16.*random'):
        loss.init_weights()


def test_unknown_weights() -> None:
    with pytest.raises(ValueError, match="IMAGENET1K_V1.*'no.pth'"):
        VGGFeatureLoss('no.pth')
