from .region_psnr import average_region_psnr, region_psnr
from .segmentation import (average_image_f, binary_scores, class_scores,
                           confusion_matrix, scores_from_counts)
from .text_removal import (age, average_text_removal_scores, mse, mssim, pceps,
                           peps, psnr, psnr_from_mse, resize_shorter_side,
                           text_removal_scores, truncate_to_uint8)

__all__ = [
    'age', 'average_image_f', 'average_region_psnr',
    'average_text_removal_scores', 'binary_scores', 'class_scores',
    'confusion_matrix', 'mse', 'mssim', 'pceps', 'peps', 'psnr',
    'psnr_from_mse', 'region_psnr', 'resize_shorter_side',
    'scores_from_counts', 'text_removal_scores', 'truncate_to_uint8'
]
