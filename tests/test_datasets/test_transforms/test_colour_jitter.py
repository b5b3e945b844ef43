"""mmpretrain's jitter, as the configurations use it, keeps to BGR."""
import numpy as np
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope


def jitter(img, **kwargs):
    init_default_scope('mmseg')
    transform = Compose([
        dict(
            type='RandomApply',
            prob=1.0,
            transforms=[
                dict(type='mmpretrain.ColorJitter', backend='cv2', **kwargs)
            ])
    ])
    return transform(dict(img=img))['img']


def test_hue_is_turned_in_bgr():
    red = np.zeros((4, 4, 3), dtype=np.uint8)
    red[..., 2] = 255
    third = jitter(red, hue=(1 / 3, 1 / 3))[0, 0]  # red becomes green
    assert third[1] > 245 and third[0] < 10 and third[2] < 10


def test_gray_is_weighed_in_bgr():
    blue = np.zeros((4, 4, 3), dtype=np.uint8)
    blue[..., 0] = 255
    # without saturation 0.114 * 255 is left of pure blue
    assert jitter(blue, saturation=(0.0, 0.0))[0, 0].tolist() == [29, 29, 29]
