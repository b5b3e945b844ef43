import pytest
import torch

from upocr_mm.models.layers import TaskPrompt


def test_adds_the_prompt_of_each_sample() -> None:
    prompt = TaskPrompt(['a', 'b'], channels=2)
    with torch.no_grad():
        prompt.prompts['a'].copy_(torch.tensor([1., 2.]))
        prompt.prompts['b'].copy_(torch.tensor([10., 20.]))
    out = prompt(torch.zeros(3, 2, 1, 2), ['b', 'a', 'b'])
    assert out[:, 0].flatten(1).tolist() == [[10, 10], [1, 1], [10, 10]]
    assert out[:, 1].flatten(1).tolist() == [[20, 20], [2, 2], [20, 20]]


def test_order_of_tasks_does_not_matter_in_checkpoints() -> None:
    one = TaskPrompt(['a', 'b'], channels=4)
    other = TaskPrompt(['b', 'a'], channels=4)
    other.load_state_dict(one.state_dict())
    feats = torch.randn(2, 4, 3, 3)
    assert torch.equal(one(feats, ['a', 'b']), other(feats, ['a', 'b']))


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
    prompt(torch.zeros(1, 2, 1, 1), ['a']).sum().backward()
    assert prompt.prompts['a'].grad.tolist() == [1, 1]
    assert prompt.prompts['b'].grad.tolist() == [0, 0]


def test_errors() -> None:
    prompt = TaskPrompt(['a', 'b'], channels=2)
    with pytest.raises(ValueError, match=r"no prompt for \['c'\].*'a', 'b'"):
        prompt(torch.zeros(1, 2, 1, 1), ['c'])
    for tasks in [], ['a', 'a']:
        with pytest.raises(ValueError, match='each once'):
            TaskPrompt(tasks, channels=2)
