from __future__ import annotations
from copy import deepcopy

import pytest
import torch
from mmpretrain.models.backbones.swin_transformer_v2 import SwinBlockV2
from torch.multiprocessing.reductions import StorageWeakRef

from upocr_mm.models.layers import SwinBlock, adapt_swin_blocks

ATTENTIONS = pytest.mark.parametrize('attention', ['sdpa', 'eager'])


def build(attention: str = 'sdpa',
          shift: bool = True,
          **kwargs) -> tuple[SwinBlockV2, SwinBlock]:
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
    return reference, SwinBlock(deepcopy(reference), attention).eval()


@ATTENTIONS
@pytest.mark.parametrize('shift', [False, True])
@pytest.mark.parametrize('extra_norm', [False, True])
@pytest.mark.parametrize('hw', [(8, 8), (7, 13)])
def test_equals_mmpretrain(attention: str, shift: bool, extra_norm: bool,
                           hw: tuple[int, int]) -> None:
    reference, ours = build(attention, shift, extra_norm=extra_norm)
    assert list(ours.state_dict()) == list(reference.state_dict())
    x = torch.randn(2, hw[0] * hw[1], 16)
    before = x.clone()
    with torch.no_grad():
        assert torch.allclose(ours(x, hw), reference(x, hw), atol=1e-5)
    assert torch.equal(x, before)


@ATTENTIONS
@pytest.mark.parametrize('with_cp', [False, True])
def test_gradients_equal_mmpretrain(attention: str, with_cp: bool) -> None:
    reference, ours = build(attention, with_cp=with_cp)
    reference.with_cp = False
    assert ours.with_cp == with_cp
    grads = []
    for block in reference.double().train(), ours.double().train():
        x = torch.linspace(-1, 1, 7 * 9 * 16, dtype=torch.float64)
        x = x.view(1, 63, 16).sin().requires_grad_()
        block(x, (7, 9)).square().sum().backward()
        grads.append([x.grad, *(p.grad for p in block.parameters())])
    for grad, expected in zip(*grads):
        assert torch.allclose(grad, expected, rtol=1e-8, atol=1e-8)


def saved_tensors(block: torch.nn.Module, x: torch.Tensor) -> list:
    """What autograd saves for the backward pass, without the parameters."""
    own = {p.data_ptr() for p in block.parameters()}
    saved = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.data_ptr() not in own:
            saved[tensor.data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        block.train()(x, (32, 32))
    return list(saved.values())


def test_saves_no_more_than_mmpretrain() -> None:
    x = torch.randn(1, 1024, 16, requires_grad=True)
    sizes = [
        sum(t.numel() * t.element_size() for t in saved_tensors(block, x))
        for block in build()
    ]
    assert sizes[1] <= sizes[0]


def test_activation_checkpointing_frees_everything_but_the_input() -> None:
    """Nothing as wide as the feed-forward network outlives the forward."""
    _, ours = build(with_cp=True)
    x = torch.randn(1, 1024, 16, requires_grad=True)
    storages = []
    handles = [
        module.register_forward_hook(lambda module, args, out: storages.append(
            StorageWeakRef(out.untyped_storage())))
        for module in ours.ffn.modules()
    ]
    out = ours.train()(x, (32, 32))
    for handle in handles:
        handle.remove()
    assert storages and out.requires_grad
    assert all(storage.expired() for storage in storages)


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


@ATTENTIONS
def test_a_dropped_branch_adds_nothing(attention: str) -> None:
    ours = SwinBlock(block(0.999999), attention)
    x = torch.randn(2, 16, 8)
    assert torch.equal(ours.train()(x, (4, 4)), x)


@ATTENTIONS
def test_evaluation_drops_nothing(attention: str) -> None:
    reference, ours = block(0.5).eval(), SwinBlock(block(0.5), attention)
    x = torch.randn(2, 16, 8)
    assert torch.allclose(
        ours.eval()(x, (4, 4)), reference(x, (4, 4)), atol=1e-5)


def test_branches_that_stay_are_rescaled() -> None:
    """Each of the two branches of a sample is dropped on its own."""
    ours = SwinBlock(block(0.5)).train()
    with torch.no_grad():
        for norm in ours.norm1, ours.norm2:  # each branch adds its bias
            norm.weight.zero_()
        ours.norm1.bias.fill_(1.)
        ours.norm2.bias.fill_(10.)
        x = torch.zeros(1000, 16, 8)
        out = ours(x, (4, 4))
    assert torch.equal(out, out[:, :1, :1].expand_as(out))
    values, counts = out[:, 0, 0].unique(return_counts=True)
    assert values.tolist() == [0, 2, 20, 22]
    assert all(200 < count < 300 for count in counts)


def test_every_block_is_replaced_under_its_names() -> None:
    reference, _ = build()
    module = torch.nn.ModuleDict(
        dict(a=torch.nn.Sequential(reference), b=deepcopy(reference)))
    names = list(module.state_dict())
    adapt_swin_blocks(module, 'sdpa')
    assert isinstance(module['a'][0], SwinBlock)
    assert isinstance(module['b'], SwinBlock)
    assert list(module.state_dict()) == names
    with pytest.raises(ValueError, match="attention.*'sdpa'.*flash"):
        adapt_swin_blocks(module, 'flash')
