import pytest
import torch

from upocr_mm.models.layers import TaskPrompt


def test_the_prompt_of_each_sample() -> None:
    prompt = TaskPrompt(['a', 'b'], channels=2)
    with torch.no_grad():
        prompt.prompts['a'].copy_(torch.tensor([1., 2.]))
        prompt.prompts['b'].copy_(torch.tensor([10., 20.]))
    vectors = prompt(['b', 'a', 'b'])
    assert vectors.shared.tolist() == [[10, 20], [1, 2], [10, 20]]
    assert vectors.encoder is None and vectors.decoder is None


def test_other_positions_through_linear_layers() -> None:
    prompt = TaskPrompt(['a', 'b'],
                        channels=2,
                        positions=['encoder', 'decoder'],
                        encoder_channels=[3, 4],
                        decoder_channels=[5])
    with torch.no_grad():
        prompt.prompts['b'].copy_(torch.tensor([10., 20.]))
        prompt.linears['encoder'][0].weight.fill_(1.)
        prompt.linears['encoder'][0].bias.fill_(.5)
    vectors = prompt(['a', 'b'])
    assert vectors.shared is None
    assert [v.shape for v in vectors.encoder] == [(2, 3), (2, 4)]
    assert [v.shape for v in vectors.decoder] == [(2, 5)]
    assert vectors.encoder[0][1].tolist() == [30.5, 30.5, 30.5]


def test_no_position_has_no_parameters() -> None:
    prompt = TaskPrompt(['a', 'b'], channels=2, positions=[])
    assert not list(prompt.parameters())
    assert prompt(['a']) == (None, None, None)
    with pytest.raises(ValueError, match='no prompt'):
        prompt(['c'])


def test_order_of_tasks_does_not_matter_in_checkpoints() -> None:
    one = TaskPrompt(['a', 'b'], channels=4)
    other = TaskPrompt(['b', 'a'], channels=4)
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(['a', 'b']).shared, other(['a', 'b']).shared)


def test_kaiming_normal() -> None:
    torch.manual_seed(0)
    prompt = TaskPrompt(['a'], channels=20000)
    before = prompt.prompts['a'].clone()
    assert before.std().item() == pytest.approx((2 / 20000)**0.5, rel=0.05)
    prompt.init_weights()
    assert not torch.equal(prompt.prompts['a'], before)
    strong = TaskPrompt(['a'], channels=20000, init_std=1.)
    assert strong.prompts['a'].std().item() == pytest.approx(1, rel=0.05)


def test_unused_prompts_have_gradients() -> None:
    """Otherwise distributed training would wait for them."""
    prompt = TaskPrompt(['a', 'b'], channels=2)
    prompt(['a']).shared.sum().backward()
    assert prompt.prompts['a'].grad.tolist() == [1, 1]
    assert prompt.prompts['b'].grad.tolist() == [0, 0]


def test_errors() -> None:
    prompt = TaskPrompt(['a', 'b'], channels=2)
    with pytest.raises(ValueError, match=r"no prompt for \['c'\].*'a', 'b'"):
        prompt(['c'])
    for tasks in [], ['a', 'a']:
        with pytest.raises(ValueError, match='each once'):
            TaskPrompt(tasks, channels=2)
    with pytest.raises(ValueError, match="positions.*'bottleneck'"):
        TaskPrompt(['a'], channels=2, positions=['bottleneck'])
