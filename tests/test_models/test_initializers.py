from __future__ import annotations

import pytest
import torch
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS
from reference_model import reference_model_cfg

from upocr_mm.models.layers import SwinBlock


def build(init_cfg: dict | None) -> torch.nn.Module:
    torch.manual_seed(0)
    cfg = reference_model_cfg()
    cfg['backbone']['init_cfg'] = cfg['decode_head']['init_cfg'] = init_cfg
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg)
        model.init_weights()
    return model.eval()


def test_residual_branches_start_at_nothing() -> None:
    model = build(dict(type='ResidualPostNormInit'))
    names = {id(m): name for name, m in model.named_modules()}
    for part in model.backbone, model.decode_head:
        for module in part.modules():
            if isinstance(module, torch.nn.Linear):
                weight = module.weight
                assert weight.abs().max() <= 2  # cut off there
                if weight.numel() > 2000:
                    assert weight.std().item() == pytest.approx(0.02, rel=0.1)
                    assert abs(weight.mean().item()) < 0.002
                assert module.bias is None or not module.bias.any()
            elif isinstance(module, torch.nn.LayerNorm):
                name = names[id(module)]
                ends_branch = name.endswith(
                    ('norm1', 'norm2')) and ('blocks' in name
                                             or 'stages' in name)
                assert module.weight.unique().tolist() == [
                    0. if ends_branch else 1.
                ]
                assert not module.bias.any()
    # every block is the identity
    x = torch.randn(1, 16 * 16, 24)
    block = model.backbone.stages[0].blocks[0]
    assert isinstance(block, SwinBlock)
    assert torch.equal(block(x, (16, 16)), x)


def test_convolutions_and_prompts_keep_their_defaults() -> None:
    initialized = build(dict(type='ResidualPostNormInit'))
    default = build(None)
    for name, module in initialized.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            other = default.get_submodule(name)
            assert module.weight.std().item() == pytest.approx(
                other.weight.std().item(), rel=0.3)
    scale = initialized.backbone.stages[0].blocks[0].attn.w_msa.logit_scale
    assert torch.allclose(scale.exp(), torch.full_like(scale, 10.))


def test_default_is_that_of_pytorch() -> None:
    block = build(None).decode_head.stages[0][0]
    assert torch.equal(block.norm1.weight, torch.ones(192))
    assert block.ffn.layers[1].bias.any()
