from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmcv.cnn.bricks.transformer import FFN
from mmpretrain.models.backbones.swin_transformer_v2 import SwinBlockV2
from torch.utils.checkpoint import checkpoint

from .chunks import is_compiling, pays, rows_of_chunk
from .kept import KeepsDerived
from .linear import Product, linear, prepare, reduced_precision
from .post_norm_drop_path import drop_after_norm
from .shift_window_attention import ShiftWindowAttention


class FusedSwinBlock(KeepsDerived):
    """Swin-v2 block that moves less memory.

    Computes what mmpretrain's ``SwinBlockV2`` computes, from the same
    parameters under the same names, apart from stochastic depth, which sits
    behind the norms, where Swin-v2 has it.

    Everything in a block stays within a window. For predictions on CPUs the
    windows therefore go through the whole block a few at a time, so that what
    lies between its layers never leaves the processor's cache; it is four
    times as large as the feature map.

    Args:
        reference: The block whose parameters are taken over. It must have
            been built with ``pad_small_map=True``.
    """

    def __init__(self, reference: SwinBlockV2) -> None:
        super().__init__(reference.init_cfg)
        drop_after_norm(reference)
        self.with_cp = reference.with_cp
        self.attn = ShiftWindowAttention(reference.attn)
        self.norm1 = reference.norm1
        self.ffn = reference.ffn
        self.norm2 = reference.norm2
        self.norm3 = reference.norm3 if reference.extra_norm else None
        self._is_standard_ffn = _is_standard(self.ffn)

    def forward(self, x: torch.Tensor, hw_shape: tuple[int,
                                                       int]) -> torch.Tensor:
        """Tokens (N, H * W, C) of a map of ``hw_shape`` to the same shape."""
        if x.device.type == 'cpu':
            return self._forward_on_cpu(x, hw_shape)
        return self._forward_whole(x, hw_shape)

    @torch.compiler.disable
    def _forward_on_cpu(self, x: torch.Tensor,
                        hw_shape: tuple[int, int]) -> torch.Tensor:
        if pays(x) and not self.training:
            return self._forward_in_chunks(x, hw_shape)
        return self._forward_whole(x, hw_shape)

    def _forward_whole(self, x: torch.Tensor,
                       hw_shape: tuple[int, int]) -> torch.Tensor:
        if self.with_cp and x.requires_grad and torch.is_grad_enabled():
            return checkpoint(self._forward, x, hw_shape, use_reentrant=False)
        return self._forward(x, hw_shape)

    def _forward(self, x: torch.Tensor, hw_shape: tuple[int,
                                                        int]) -> torch.Tensor:
        x = x + self.norm1(self.attn(x, hw_shape))
        x = x + self.norm2(self._feed_forward(x, self._products()))
        return x if self.norm3 is None else self.norm3(x)

    def _forward_in_chunks(self, x: torch.Tensor,
                           hw_shape: tuple[int, int]) -> torch.Tensor:
        order = self.attn.order(len(x), hw_shape, x.device)
        derived, products = self.attn.derived(), self._products()
        source = order.pad(x)
        out = source.new_empty(source.shape)
        step = rows_of_chunk(source.view(-1, order.tokens, x.shape[-1]))
        for start, stop in order.steps(step):
            rows = order.index[start * order.tokens:stop * order.tokens]
            part = source.index_select(0, rows).view(stop - start,
                                                     order.tokens, -1)
            part += self.norm1(
                self.attn.attend(part, order.part(start, stop), derived))
            part += self.norm2(self._feed_forward(part, products))
            if self.norm3 is not None:
                part.copy_(self.norm3(part))
            out[rows] = part.view(len(rows), -1)
        return order.crop(out)

    def _products(self) -> tuple[Product, ...]:
        """The linear layers of the feed-forward network, made ready."""
        if not self._is_standard_ffn:
            return ()
        layers = self.ffn.layers[0][0], self.ffn.layers[1]
        products = [Product(layer.weight, layer.bias) for layer in layers]
        if self.training or not pays(layers[0].weight) or is_compiling():
            return tuple(products)
        return self.keep('products',
                         lambda: tuple(prepare(p) for p in products),
                         self.ffn.parameters(),
                         reduced_precision(layers[0].weight))

    def _feed_forward(self, x: torch.Tensor,
                      products: tuple[Product, ...]) -> torch.Tensor:
        if not self._is_standard_ffn:
            return self.ffn(x)
        first, last = products
        if not torch.is_grad_enabled() or is_compiling():
            return linear(linear(x, *first, gelu=True), *last)
        hidden = linear(x, *first)
        activated = F.gelu(hidden)
        with _recompute(activated, hidden):
            return linear(activated, *last)


def _is_standard(ffn: FFN) -> bool:
    """Whether it is linear, GELU, linear, and nothing else."""
    rest = [m for m in ffn.modules() if not list(m.children())]
    kinds = [type(m) for m in rest if not _does_nothing(m)]
    return not ffn.add_identity and len(kinds) == 3 and all(
        issubclass(*pair)
        for pair in zip(kinds, (nn.Linear, nn.GELU, nn.Linear)))


def _does_nothing(module: nn.Module) -> bool:
    return isinstance(module, nn.Identity) or (isinstance(module, nn.Dropout)
                                               and module.p == 0)


def _recompute(activated: torch.Tensor, hidden: torch.Tensor):
    """Let autograd keep ``hidden`` in place of ``F.gelu(hidden)``.

    The first is kept anyway, for the gradient of GELU.
    """
    place, shape = activated.data_ptr(), activated.numel()

    def pack(tensor: torch.Tensor):
        if tensor.data_ptr() == place and tensor.numel() == shape:
            return tensor.shape
        return tensor

    def unpack(kept) -> torch.Tensor:
        if isinstance(kept, torch.Tensor):
            return kept
        return F.gelu(hidden.detach()).view(kept)

    return torch.autograd.graph.saved_tensors_hooks(pack, unpack)


def fuse_swin_blocks(module: nn.Module) -> None:
    """Exchange every Swin-v2 block inside ``module`` for a fused one.

    Parameters and their names stay as they are.

    Args:
        module: A network that contains mmpretrain's ``SwinBlockV2``.
    """
    for name, child in module.named_children():
        if isinstance(child, SwinBlockV2):
            setattr(module, name, FusedSwinBlock(child))
        else:
            fuse_swin_blocks(child)
