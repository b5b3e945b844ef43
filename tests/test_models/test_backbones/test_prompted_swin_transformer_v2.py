from __future__ import annotations
from pathlib import Path

import mmpretrain
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import load_state_dict
from mmpretrain.models.backbones import SwinTransformerV2
from mmpretrain.models.utils.attention import WindowMSAV2
from mmseg.registry import MODELS

from upocr_mm.models import PromptedSwinTransformerV2

ARCH = dict(
    embed_dims=8,
    depths=[2, 2, 2, 2],
    num_heads=[1, 2, 2, 4],
    extra_norm_every_n_blocks=0)


def build() -> tuple[SwinTransformerV2, PromptedSwinTransformerV2]:
    torch.manual_seed(0)
    reference = SwinTransformerV2(
        ARCH,
        window_size=8,
        pretrained_window_sizes=[8] * 4,
        pad_small_map=True,
        out_indices=(0, 1, 2, 3))
    ours = PromptedSwinTransformerV2(
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
    ours = PromptedSwinTransformerV2(
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


@pytest.mark.parametrize('arch, channels, window, pretrained, rate',
                         [('nano', 384, 8, 8, 0.), ('tiny', 768, 16, 16, 0.2),
                          ('small', 768, 16, 16, 0.3),
                          ('base', 1024, 8, 16, 0.3)])
def test_table_of_sizes(arch: str, channels: int, window: int, pretrained: int,
                        rate: float) -> None:
    """`arch` alone is the paper's model of that size."""
    backbone = PromptedSwinTransformerV2(arch)
    assert backbone.norm3.normalized_shape == (channels, )
    expected = WindowMSAV2(
        8, (window, window), 1, pretrained_window_size=(pretrained, ) * 2)
    for stage in backbone.stages:
        attn = stage.blocks[0].attn
        assert attn.window_size == window
        assert torch.equal(attn.w_msa.relative_coords_table,
                           expected.relative_coords_table)
    rates = [
        block.drop_path.drop_prob for stage in backbone.stages
        for block in stage.blocks
    ]
    assert rates == sorted(rates) and rates[0] == 0
    assert rates[-1] == pytest.approx(rate)


def test_what_is_given_counts() -> None:
    backbone = PromptedSwinTransformerV2(
        'tiny', window_size=[4, 4, 8, 8], drop_path_rate=0.)
    assert [stage.blocks[0].attn.window_size
            for stage in backbone.stages] == [4, 4, 8, 8]
    assert backbone.stages[-1].blocks[-1].drop_path.drop_prob == 0


@pytest.mark.parametrize('arch', ['medium', dict(embed_dims=8)])
def test_unknown_arch(arch) -> None:
    with pytest.raises(ValueError, match='arch must be one of.*small'):
        PromptedSwinTransformerV2(arch)


def test_name_of_earlier_versions() -> None:
    assert MODELS.get('FusedSwinTransformerV2') is PromptedSwinTransformerV2
