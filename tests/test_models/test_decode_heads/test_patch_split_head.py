from __future__ import annotations

import pytest
import torch

from upocr_mm.models import PatchSplitHead


def test_table_7() -> None:
    """Blocks, heads and channels of the decoder of UPOCR-Small."""
    head = PatchSplitHead('small')
    assert [len(stage) for stage in head.stages] == [2, 18, 2, 2, 2]
    heads, channels, splits = zip(
        *((stage[0].attn.w_msa.num_heads, stage[0].attn.w_msa.embed_dims,
           split.out_channels)
          for stage, split in zip(head.stages, head.splits)))
    assert heads == (24, 12, 6, 3, 2)
    assert channels == (768, 384, 192, 96, 48)
    assert splits == (384, 192, 96, 48, 24)
    assert all(block.attn.window_size == 8 for stage in head.stages
               for block in stage)
    assert [block.attn.shift_size for block in head.stages[1]] == [0, 4] * 9
    assert len(head.laterals) == 3
    assert [conv.in_channels
            for conv in head.output_convs.values()] == [96, 48, 24]


def test_shapes_and_lateral_connections() -> None:
    head = PatchSplitHead('nano', drop_path_rate=0.).eval()
    feats = [
        torch.rand(2, 48 * 2**i, 32 // 2**i, 64 // 2**i) for i in range(4)
    ]
    with torch.no_grad():
        images = head(feats)
        assert [tuple(image.shape) for image in images] == [
            (2, 3, 32, 64), (2, 3, 64, 128), (2, 3, 128, 256)]  # yapf: disable
        for i in range(4):
            changed = [feat + (i == j) for j, feat in enumerate(feats)]
            assert not torch.allclose(head(changed)[0], images[0], atol=1e-3)


def test_activation_checkpointing_changes_nothing() -> None:
    torch.manual_seed(0)
    plain = PatchSplitHead('nano', drop_path_rate=0.)
    saving = PatchSplitHead('nano', drop_path_rate=0., with_cp=True)
    saving.load_state_dict(plain.state_dict())
    feats = [
        torch.rand(1, 48 * 2**i, 8 // 2**i, 8 // 2**i, requires_grad=True)
        for i in range(4)
    ]
    for head in plain, saving:
        head(feats)[-1].square().mean().backward()
    for a, b in zip(plain.parameters(), saving.parameters()):
        if a.grad is not None:
            assert torch.allclose(a.grad, b.grad, atol=1e-5)


@pytest.mark.parametrize('arch', ['huge', dict(embed_dims=8),
                                  dict(embed_dims=8, depths=[2] * 4,
                                       num_heads=[1] * 4)])  # yapf: disable
def test_unknown_arch(arch) -> None:
    with pytest.raises(ValueError, match='arch must be one of'):
        PatchSplitHead(arch)


def test_several_prompts_share_the_other_features() -> None:
    head = PatchSplitHead('nano').eval()
    feats = [torch.rand(2, 48 * 2**i, 8 // 2**i, 16 // 2**i) for i in range(4)]
    last = torch.rand(6, *feats[-1].shape[1:])
    with torch.no_grad():
        together = head([*feats[:-1], last])
        for i in range(3):
            alone = head([*feats[:-1], last[2 * i:2 * i + 2]])
            for image, expected in zip(together, alone):
                assert torch.allclose(
                    image[2 * i:2 * i + 2], expected, atol=1e-4)


def test_features_of_another_encoder() -> None:
    head = PatchSplitHead('nano', in_channels=(5, 6, 7, 384)).eval()
    feats = [
        torch.rand(1, channels, 16 // 2**i, 8 // 2**i)
        for i, channels in enumerate(head.in_channels)
    ]
    with torch.no_grad():
        assert head(feats)[-1].shape == (1, 3, 64, 32)
    with pytest.raises(ValueError, match='in_channels.*four.*5, 6'):
        PatchSplitHead('nano', in_channels=(5, 6))


def test_sizes_bring_their_windows() -> None:
    """`arch` alone is the paper's model of that size (Table 7)."""
    windows = dict(tiny=16, small=8, base=8, nano=8)
    for arch, window in windows.items():
        head = PatchSplitHead(arch)
        assert head.stages[0][0].attn.window_size == window
    last = PatchSplitHead('tiny').stages[-1][-1]
    assert last.drop_path.drop_prob == pytest.approx(0.2)
    head = PatchSplitHead('tiny', window_size=4, drop_path_rate=0.)
    assert head.stages[0][0].attn.window_size == 4
    assert head.stages[-1][-1].drop_path.drop_prob == 0.
