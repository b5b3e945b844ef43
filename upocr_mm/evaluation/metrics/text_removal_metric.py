from __future__ import annotations
from typing import Dict, List, Optional

import numpy as np
from mmseg.registry import METRICS

from ..functional import (average_region_psnr, average_text_removal_scores,
                          region_psnr, text_removal_scores, truncate_to_uint8)
from .per_sample_metric import PerSampleMetric

# Published name, key of the pure function, factor to the published unit.
_REPORTED = (('PSNR', 'psnr', 1), ('MSSIM', 'mssim', 100), ('MSE', 'mse', 100),
             ('AGE', 'age', 1), ('pEPs', 'peps', 1), ('pCEPs', 'pceps', 1))


@METRICS.register_module()
class TextRemovalMetric(PerSampleMetric):
    """Image quality of text removal, comparable with published tables.

    The arithmetic is that of the SCUT-EnsText benchmark: the prediction is
    cut off to uint8, both images are resized to a shorter side of 512,
    identical images are skipped (see
    :mod:`upocr_mm.evaluation.functional.text_removal`). Images
    composited with a mask before scoring are another protocol.

    Needs the fields ``pred_image`` and ``gt_image``, float RGB (3, H, W) in
    [0, 1]; uses ``gt_text_mask`` (1, H, W), 1 text, 0 not, where present.

    Args:
        prefix: Put before the names of the results, with a slash.

    Metrics:
        - PSNR: peak signal-to-noise ratio in dB, mean over images
        - MSSIM: the published one-scale structural similarity, x 100
        - MSE: mean squared error of [0, 1] images, x 100
        - AGE: average gray-level error, 0 to 255
        - pEPs: fraction of error pixels (gray level off by more than 20)
        - pCEPs: fraction of clustered error pixels
        - PSNR_text, PSNR_nontext: PSNR within and outside the text in dB,
          not quantised, mean over the images that have a mask and such a
          region; left out if there are none. No published protocol.
        - skipped: number of identical images, which are not averaged
    """

    def measure(self, data_sample: dict) -> dict:
        """Score one image.

        Args:
            data_sample: Prediction and ground truth as a dict.

        Returns:
            The scores of the image, in the units of the pure functions.

        Raises:
            ValueError: If a field is missing, sizes differ, the prediction is
                not finite or the ground truth not in [0, 1].
        """
        pred, gt = (
            data.float().numpy()
            for data in self.get_pair(data_sample, 'pred_image', 'gt_image'))
        if not np.isfinite(pred.sum()):
            raise ValueError('the prediction of '
                             f'{data_sample.get("img_path")!r} holds values '
                             'that are not finite (has training diverged?)')
        if gt.min() < 0 or gt.max() > 1:
            raise ValueError(
                f'gt_image of {data_sample.get("img_path")!r} must be in '
                f'[0, 1], but spans {gt.min()} to {gt.max()}')
        pred = np.clip(pred, 0, 1)
        # The ground truth was uint8 / 255: rounding gives it back exactly.
        gt_bytes = np.rint(gt * 255).astype(np.uint8)
        result: Dict[str, dict] = dict(
            official=text_removal_scores(
                _to_hwc(truncate_to_uint8(pred)), _to_hwc(gt_bytes)))
        if 'gt_text_mask' in data_sample:
            mask = self.get_data(data_sample, 'gt_text_mask')[0].numpy()
            if mask.shape != gt.shape[1:]:
                raise ValueError(
                    'gt_text_mask and gt_image of '
                    f'{data_sample.get("img_path")!r} must have the same '
                    f'size, but got {mask.shape} and {gt.shape[1:]}')
            result['regions'] = dict(
                PSNR_text=region_psnr(pred, gt, mask == 1),
                PSNR_nontext=region_psnr(pred, gt, mask == 0))
        return result

    def compute_metrics(self, results: List[dict]) -> dict:
        """Average over the images.

        Args:
            results: What :meth:`measure` returned for each image.

        Returns:
            Scores by name, in published units.
        """
        averages = average_text_removal_scores(
            [result['official'] for result in results])
        scores = {name: averages[key] * unit for name, key, unit in _REPORTED}
        for name in ('PSNR_text', 'PSNR_nontext'):
            average: Optional[float] = average_region_psnr([
                result['regions'][name] for result in results
                if 'regions' in result
            ])
            if average is not None:
                scores[name] = average
        scores['skipped'] = averages['skipped']
        return scores


def _to_hwc(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image.transpose(1, 2, 0))
