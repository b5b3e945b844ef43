from __future__ import annotations
import pickle
from copy import deepcopy

import pytest
import torch
from mmpretrain.models.backbones.swin_transformer_v2 import SwinBlockV2

from upocr_mm.models.layers import FusedSwinBlock, chunks, fuse_swin_blocks


def build(shift: bool = True, **kwargs) -> tuple[SwinBlockV2, FusedSwinBlock]:
    """mmpretrain's block and ours with the same random weights."""
    torch.manual_seed(0)
    reference = SwinBlockV2(
        embed_dims=16,
        num_heads=2,
        window_size=4,
        shift=shift,
        pad_small_map=True,
        pretrained_window_size=4,
        **kwargs).eval()
    with torch.no_grad():
        for parameter in reference.parameters():
            parameter.normal_(std=0.5)
    return reference, FusedSwinBlock(deepcopy(reference)).eval()


@pytest.mark.parametrize('shift', [False, True])
@pytest.mark.parametrize('extra_norm', [False, True])
@pytest.mark.parametrize('windows', [1, 3, 100])
@pytest.mark.parametrize('hw', [(8, 8), (7, 13)])
def test_chunks_change_nothing(monkeypatch, shift: bool, extra_norm: bool,
                               windows: int, hw: tuple[int, int]) -> None:
    monkeypatch.setattr(chunks, 'CHUNK_BYTES', windows * 16 * 16 * 4)
    reference, ours = build(shift, extra_norm=extra_norm)
    x = torch.randn(2, hw[0] * hw[1], 16)
    before = x.clone()
    with torch.no_grad():
        assert torch.allclose(ours(x, hw), reference(x, hw), atol=1e-5)
    assert torch.equal(x, before)
    # the other way, with gradients
    assert torch.allclose(ours(x, hw), reference(x, hw), atol=1e-5)


@pytest.mark.parametrize('with_cp', [False, True])
def test_gradients_equal_mmpretrain(with_cp: bool) -> None:
    reference, ours = build(with_cp=with_cp)
    assert ours.with_cp == with_cp
    grads = []
    for block in reference.double().train(), ours.double().train():
        x = torch.linspace(-1, 1, 7 * 9 * 16, dtype=torch.float64)
        x = x.view(1, 63, 16).sin().requires_grad_()
        block(x, (7, 9)).square().sum().backward()
        grads.append([x.grad, *(p.grad for p in block.parameters())])
    for grad, expected in zip(*grads):
        assert torch.allclose(grad, expected, rtol=1e-8, atol=1e-8)


def kept_bytes(block: torch.nn.Module, **kwargs) -> int:
    """Bytes that autograd keeps for the backward pass, parameters left out."""
    own = {p.data_ptr() for p in block.parameters()}
    kept = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.data_ptr() not in own:
            kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    x = torch.randn(1, 1024, 16, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        out = block.train()(x, (32, 32))
    assert out.requires_grad
    return sum(kept.values())


def test_keeps_less_for_the_backward_pass() -> None:
    reference, ours = build()
    assert kept_bytes(ours) < 0.6 * kept_bytes(reference)


def test_another_feed_forward_network_is_used_as_it_is() -> None:
    reference, ours = build(ffn_cfgs=dict(act_cfg=dict(type='ReLU')))
    x = torch.randn(1, 64, 16)
    with torch.no_grad():
        assert torch.allclose(ours(x, (8, 8)), reference(x, (8, 8)), atol=1e-5)


def test_every_block_is_exchanged_under_its_names() -> None:
    reference, _ = build()
    module = torch.nn.ModuleDict(
        dict(a=torch.nn.Sequential(reference), b=deepcopy(reference)))
    names = list(module.state_dict())
    fuse_swin_blocks(module)
    assert isinstance(module['a'][0], FusedSwinBlock)
    assert isinstance(module['b'], FusedSwinBlock)
    assert list(module.state_dict()) == names


def test_half_precision_follows_its_weights() -> None:
    """What is kept in half precision is never stale, and goes nowhere."""
    reference, ours = build()
    x = torch.randn(1, 64, 16)

    def check() -> None:
        with torch.no_grad():
            expected = reference(x, (8, 8))
            for _ in range(2):
                with torch.autocast('cpu', torch.bfloat16):
                    out = ours(x, (8, 8))
                assert (out - expected).abs().mean() < 0.02
                assert torch.allclose(ours(x, (8, 8)), expected, atol=1e-5)

    check()
    for copy in deepcopy(ours), pickle.loads(pickle.dumps(ours)):
        assert len(copy._kept) == len(copy.attn._kept) == 0
    assert len(ours._kept) == 1 and len(ours.attn._kept) == 2
    with torch.no_grad():
        for a, b in zip(reference.parameters(), ours.parameters()):
            a.mul_(-0.5)
            b.mul_(-0.5)  # an optimizer step
    check()
    for a, b in zip(reference.parameters(), ours.parameters()):
        a.data.add_(0.1)
        b.data.add_(0.1)  # an averaging of weights, behind autograd's back
    ours.eval()
    check()
