from __future__ import annotations

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from upocr_mm.models import BinaryMaskCodec, ImageCodec, PaletteCodec


def sample(**fields: torch.Tensor) -> SegDataSample:
    result = SegDataSample(metainfo=dict(task='a', img_path='x.jpg'))
    result.set_data({k: PixelData(data=v) for k, v in fields.items()})
    return result


@pytest.mark.parametrize('codec, classes', [
    (BinaryMaskCodec(), 2),
    (PaletteCodec(), 3),
    (PaletteCodec(((255, 0, 0), (0, 255, 0), (0, 0, 255))), 3),
])
def test_decode_inverts_encode(codec, classes: int) -> None:
    labels = torch.randint(0, classes, (1, 7, 9))
    target = codec.encode([sample(gt_sem_seg=labels)])
    assert target.image.shape == (1, 3, 7, 9)
    assert target.valid.all() and target.region is None
    assert torch.equal(codec.decode(target.image[0]), labels)


def test_colors_of_the_paper() -> None:
    """Section 3.1: blue background, green real, red tampered text."""
    labels = torch.tensor([[[0, 1, 2, 255]]])
    target = PaletteCodec().encode([sample(gt_sem_seg=labels)])
    assert target.image[0, :, 0].T.tolist() == [[0, 0, 1], [0, 1, 0],
                                                [1, 0, 0], [0, 0, 1]]
    assert target.valid.flatten().tolist() == [True, True, True, False]
    labels = torch.tensor([[[0, 1]]])
    target = BinaryMaskCodec().encode([sample(gt_sem_seg=labels)])
    assert target.image[0, :, 0].T.tolist() == [[0, 0, 0], [1, 1, 1]]


def test_threshold_is_strict() -> None:
    image = torch.zeros(3, 1, 3)
    image[0, 0] = torch.tensor([0.75, 0.76, 0.74])
    assert BinaryMaskCodec(0.25).decode(image).flatten().tolist() == [0, 1, 0]


def test_nearest_color_and_ties() -> None:
    codec = PaletteCodec()  # blue, green, red
    image = torch.tensor([
        [0.5, 0.2, 0.1],  # red: tampered
        [0.5, 0.5, 0.5],  # tie of all: background
        [0.5, 0.5, 0.1],  # tie of green and red: real
        [0.0, 1e-9, 0.0],  # green by a hair: real
    ]).T.reshape(3, 1, 4)
    assert codec.decode(image).flatten().tolist() == [2, 0, 1, 1]
    # the same by distances
    random = torch.rand(3, 5, 6)
    distances = torch.stack([(random - color[:, None, None]).square().sum(0)
                             for color in codec.palette])
    assert torch.equal(codec.decode(random)[0], distances.argmin(0))


def test_image_codec() -> None:
    image, mask = torch.rand(3, 4, 5), torch.ones(1, 4, 5, dtype=torch.uint8)
    target = ImageCodec().encode([sample(gt_image=image, gt_text_mask=mask)])
    assert torch.equal(target.image[0], image)
    assert torch.equal(target.region, torch.ones(1, 1, 4, 5))
    assert ImageCodec().encode([sample(gt_image=image)]).region is None
    assert ImageCodec().decode(image) is None


def test_errors() -> None:
    with pytest.raises(ValueError, match='x.jpg.*no gt_image'):
        ImageCodec().encode([sample()])
    with pytest.raises(ValueError, match='no gt_text_mask'):
        image = torch.rand(3, 1, 1)
        ImageCodec().encode([
            sample(gt_image=image, gt_text_mask=torch.ones(1, 1, 1)),
            sample(gt_image=image)
        ])
    with pytest.raises(ValueError, match='class 2.*2 colors'):
        BinaryMaskCodec().encode([sample(gt_sem_seg=torch.full((1, 1, 1), 2))])
    with pytest.raises(ValueError, match='threshold'):
        BinaryMaskCodec(40)
    for palette in [[(0, 0, 0)], [(0, 0), (1, 1)], [(0, 0, 256), (1, 0, 0)],
                    [(0, 0, 255), (0, 0, 255)], [(0, 0, 255), (0, 0, 254)]]:
        with pytest.raises(ValueError, match='palette'):
            PaletteCodec(palette)
