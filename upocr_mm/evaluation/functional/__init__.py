from .frechet import frechet_distance
from .region_psnr import average_region_psnr, region_psnr
from .segmentation import (area_under_roc, average_image_f, binary_scores,
                           class_scores, confusion_matrix, image_iou,
                           scores_from_counts, threshold_counts)
from .simple_answers import all_real, inpaint_text, otsu_text
from .strict_removal import average_strict_scores, strict_removal_scores
from .structural_similarity import ms_ssim, ssim
from .text_detection import match_deteval, match_ic15, sum_matches, to_polygon
from .text_removal import (age, average_text_removal_scores, mse, mssim, pceps,
                           peps, psnr, psnr_from_mse, resize_shorter_side,
                           text_removal_scores, truncate_to_uint8)

__all__ = [
    'age', 'all_real', 'area_under_roc', 'average_image_f',
    'average_region_psnr', 'average_strict_scores',
    'average_text_removal_scores', 'binary_scores', 'class_scores',
    'confusion_matrix', 'frechet_distance', 'image_iou', 'inpaint_text',
    'match_deteval', 'match_ic15', 'ms_ssim', 'mse', 'mssim', 'otsu_text',
    'pceps', 'peps', 'psnr', 'psnr_from_mse', 'region_psnr',
    'resize_shorter_side', 'scores_from_counts', 'ssim',
    'strict_removal_scores', 'sum_matches', 'text_removal_scores',
    'threshold_counts', 'to_polygon', 'truncate_to_uint8'
]
