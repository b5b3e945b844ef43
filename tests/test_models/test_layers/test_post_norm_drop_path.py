import torch
from mmpretrain.models.backbones.swin_transformer_v2 import SwinBlockV2

from upocr_mm.models.layers import FusedSwinBlock


def block(rate: float) -> SwinBlockV2:
    torch.manual_seed(0)
    result = SwinBlockV2(
        embed_dims=8,
        num_heads=1,
        window_size=4,
        pad_small_map=True,
        drop_path=rate)
    torch.nn.init.constant_(result.norm1.bias, 5.)
    torch.nn.init.constant_(result.norm2.bias, 5.)
    return result


def test_a_dropped_branch_adds_nothing() -> None:
    reference = block(0.999999)
    names = list(reference.state_dict())
    ours = FusedSwinBlock(reference)
    assert list(ours.state_dict()) == names
    x = torch.randn(2, 16, 8)
    assert torch.equal(ours.train()(x, (4, 4)), x)


def test_evaluation_equals_mmpretrain() -> None:
    reference, ours = block(0.5).eval(), FusedSwinBlock(block(0.5))
    x = torch.randn(2, 16, 8)
    assert torch.allclose(
        ours.eval()(x, (4, 4)), reference(x, (4, 4)), atol=1e-5)


def test_kept_branches_are_rescaled() -> None:
    ours = FusedSwinBlock(block(0.5))
    norm = ours.norm1.train()
    x = torch.randn(1000, 1, 8)
    out = norm(x)
    kept = out.abs().sum((1, 2)) > 0
    assert 400 < kept.sum() < 600
    expected = 2 * torch.nn.functional.layer_norm(x, (8, ), norm.weight,
                                                  norm.bias)
    assert torch.allclose(out[kept], expected[kept], atol=1e-5)
