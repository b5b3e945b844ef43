from __future__ import annotations
from pathlib import Path

import pytest
import torch
from mmengine.model import BaseModule
from torch import nn

from upocr_mm.checkpoint import check_pretrained


class Part(BaseModule):
    """Of three weights."""

    def __init__(self, **init_cfg: str) -> None:
        super().__init__(dict(type='Pretrained', **init_cfg))
        self.linear = nn.Linear(2, 1)


class Whole(BaseModule):

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.part = part


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Of a model whose `backbone` fits Part."""
    torch.save(
        dict(
            state_dict={
                'backbone.linear.weight': torch.ones(1, 2),
                'backbone.linear.bias': torch.ones(1),
                'linear.weight': torch.ones(3, 3)
            }), tmp_path / 'x.pth')
    return str(tmp_path / 'x.pth')


@pytest.mark.parametrize('prefix', ['backbone', 'backbone.'])
def test_it_fits(prefix: str, file: str) -> None:
    model = Whole(Part(checkpoint=file, prefix=prefix))
    check_pretrained(model)
    model.init_weights()
    assert (model.part.linear.weight == 1).all()


@pytest.mark.parametrize('options', [{}, dict(prefix='encoder')])
def test_nothing_fits(options: dict, file: str) -> None:
    with pytest.raises(
            ValueError,
            match=r'model.part.init_cfg: nothing in .*x.pth fits, .*: the file'
            r' has backbone.linear.weight, .*, the model linear.weight'):
        check_pretrained(Whole(Part(checkpoint=file, **options)))


def test_no_file() -> None:
    with pytest.raises(FileNotFoundError, match='no.pth'):
        check_pretrained(Part(checkpoint='no.pth'))
    check_pretrained(Part(checkpoint='https://no.where/x.pth'))
    check_pretrained(nn.Linear(1, 1))
