from .byte_color_jitter import ByteColorJitter
from .degrade_image import DegradeImage
from .load_targets import LoadTargets
from .pack_image_to_image_inputs import PackImageToImageInputs
from .paired_random_crop import PairedRandomCrop
from .paired_random_flip import PairedRandomFlip
from .paired_random_rotate import PairedRandomRotate
from .paired_resize import PairedResize
from .random_cell_mask import RandomCellMask

__all__ = [
    'ByteColorJitter', 'DegradeImage', 'LoadTargets', 'PackImageToImageInputs',
    'PairedRandomCrop', 'PairedRandomFlip', 'PairedRandomRotate',
    'PairedResize', 'RandomCellMask'
]
