from __future__ import annotations
from pathlib import Path

import mmpretrain
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import load_state_dict
from mmpretrain.models.backbones import SwinTransformerV2

from upocr_mm.models import FusedSwinTransformerV2

ARCH = dict(
    embed_dims=8,
    depths=[2, 2, 2, 2],
    num_heads=[1, 2, 2, 4],
    extra_norm_every_n_blocks=0)


def build() -> tuple[SwinTransformerV2, FusedSwinTransformerV2]:
    torch.manual_seed(0)
    reference = SwinTransformerV2(
        ARCH,
        window_size=8,
        pretrained_window_sizes=[8] * 4,
        pad_small_map=True,
        out_indices=(0, 1, 2, 3))
    ours = FusedSwinTransformerV2(
        ARCH, window_size=8, pretrained_window_sizes=[8] * 4)
    # Their eval() returns None.
    reference.eval()
    ours.eval()
    return reference, ours


@pytest.mark.parametrize('hw', [(64, 64), (80, 112), (96, 40)])
def test_equals_mmpretrain(hw: tuple[int, int]) -> None:
    reference, ours = build()
    ours.load_state_dict(reference.state_dict())
    image = torch.rand(2, 3, *hw)
    with torch.no_grad():
        for a, b in zip(ours(image), reference(image)):
            assert torch.allclose(a, b, atol=1e-5)


def test_zoo_weights_load_without_a_word(caplog) -> None:
    """Also those of another window, whose tables do not fit."""
    reference, ours = build()
    assert list(reference.state_dict()) == list(ours.state_dict())
    other = SwinTransformerV2(
        ARCH, window_size=16, out_indices=(0, 1, 2, 3)).state_dict()
    load_state_dict(ours, other, strict=True)
    assert torch.equal(ours.stages[2].blocks[1].attn.w_msa.proj.weight,
                       other['stages.2.blocks.1.attn.w_msa.proj.weight'])


@pytest.mark.parametrize('name', [
    'swinv2-tiny-w8_16xb64_in1k-256px', 'swinv2-small-w16_16xb64_in1k-256px',
    'swinv2-base-w24_in21k-pre_16xb64_in1k-384px',
    'swinv2-large-w16_in21k-pre_16xb64_in1k-256px'
])
def test_zoo_of_mmpretrain(name: str, tmp_path: Path) -> None:
    """Files of the zoo, of every size and window, as ``init_cfg``."""
    file = f'{mmpretrain.__path__[0]}/.mim/configs/swin_transformer_v2/{name}'
    cfg = Config.fromfile(f'{file}.py').model.backbone
    cfg.pop('type')
    cfg.drop_path_rate = 0.
    zoo = SwinTransformerV2(**cfg)
    weights = {f'backbone.{k}': v for k, v in zoo.state_dict().items()}
    weights['head.fc.weight'] = torch.zeros(1000, 1)
    torch.save(dict(state_dict=weights), tmp_path / 'zoo.pth')
    ours = FusedSwinTransformerV2(
        cfg.arch,
        init_cfg=dict(
            type='Pretrained',
            checkpoint=str(tmp_path / 'zoo.pth'),
            prefix='backbone.'))
    ours.init_weights()
    expected = dict(zoo.named_parameters())
    found = dict(ours.named_parameters())
    assert {name.split('.')[0]
            for name in set(found) - set(expected)
            } == {'norm0', 'norm1', 'norm2'}
    assert all(torch.equal(found[key], expected[key]) for key in expected)


@pytest.mark.parametrize('arch, channels', [('nano', 384), ('tiny', 768),
                                            ('base', 1024)])
def test_sizes(arch: str, channels: int) -> None:
    backbone = FusedSwinTransformerV2(arch)
    assert backbone.norm3.normalized_shape == (channels, )
    assert backbone.stages[0].blocks[0].attn.window_size == 16


def test_drop_path_grows() -> None:
    backbone = FusedSwinTransformerV2('small', drop_path_rate=0.3)
    rates = [
        block.norm2.drop_path.drop_prob for stage in backbone.stages
        for block in stage.blocks
    ]
    assert rates == sorted(rates) and len(rates) == 24
    assert rates[0] == 0 and rates[-1] == pytest.approx(0.3)
