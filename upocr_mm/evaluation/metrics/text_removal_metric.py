from __future__ import annotations
from typing import Sequence

import numpy as np
from mmseg.registry import METRICS

from ..functional import (average_region_psnr, average_strict_scores,
                          average_text_removal_scores, region_psnr,
                          strict_removal_scores, text_removal_scores)
from .image_pair_metric import ImagePairMetric

# Reported name, key of the pure function, factor to the published unit.
_REPORTED = dict(
    official=(('PSNR', 'psnr', 1), ('MSSIM', 'mssim', 100), ('MSE', 'mse',
                                                             100),
              ('AGE', 'age', 1), ('pEPs', 'peps', 1), ('pCEPs', 'pceps', 1)),
    strict=(('PSNR_strict', 'psnr', 1), ('SSIM_strict', 'ssim', 100),
            ('MS_SSIM_strict', 'ms_ssim', 100), ('MSE_strict', 'mse', 100),
            ('AGE_strict', 'age', 1), ('pEPs_strict', 'peps',
                                       1), ('pCEPs_strict', 'pceps', 1)))
_REGIONS = (('PSNR_text', 1), ('PSNR_nontext', 0))


@METRICS.register_module()
class TextRemovalMetric(ImagePairMetric):
    """Image quality of text removal.

    Mode ``'official'`` gives the numbers of published tables. The arithmetic
    is that of the SCUT-EnsText benchmark: the prediction is cut off to uint8,
    both images are resized to a shorter side of 512, identical images are
    skipped (see :mod:`upocr_mm.evaluation.functional.text_removal`). Images
    composited with a mask before scoring are another protocol.

    Mode ``'strict'`` leaves out those peculiarities: floats, original size,
    fractions of the image's own area, the structural similarities of their
    definitions (see :mod:`upocr_mm.evaluation.functional.strict_removal`).

    Needs the fields ``pred_image`` and ``gt_image``, float RGB (3, H, W) in
    [0, 1]; uses ``gt_text_mask`` (1, H, W), 1 text, 0 not, where present.

    Args:
        mode: ``'official'``, ``'strict'`` or both as a list.
        prefix: Put before the names of the results, with a slash.

    Raises:
        ValueError: If ``mode`` is something else.

    Metrics:
        - PSNR: peak signal-to-noise ratio in dB, mean over images
        - MSSIM: the published one-scale structural similarity, x 100
        - MSE: mean squared error of [0, 1] images, x 100
        - AGE: average gray-level error, 0 to 255
        - pEPs: fraction of error pixels (gray level off by more than 20)
        - pCEPs: fraction of clustered error pixels
        - skipped: number of identical images, which are not averaged
        - PSNR_strict, MSE_strict, AGE_strict, pEPs_strict, pCEPs_strict: the
          same, strict
        - SSIM_strict, MS_SSIM_strict: structural similarity, and over five
          scales, of the gray images, x 100; over the images of at least 11 and
          176 pixels a side, left out if there are none
        - PSNR_text, PSNR_nontext (strict): PSNR within and outside the text
          in dB, mean over the images that have a mask and such a region; left
          out if there are none
    """

    def __init__(self,
                 mode: str | Sequence[str] = 'official',
                 prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        self.modes = [mode] if isinstance(mode, str) else list(mode)
        if not self.modes or not set(self.modes) <= set(_REPORTED):
            raise ValueError("mode must be 'official', 'strict' or both as a "
                             f'list, but got {mode!r}')
        self.worst_by = _REPORTED[self.modes[0]][0][0]

    def measure(self, data_sample: dict) -> dict:
        """Score one image.

        Args:
            data_sample: Prediction and ground truth as a dict.

        Returns:
            The scores of the image by mode, in the units of the pure
            functions.

        Raises:
            ValueError: If a field is missing, sizes differ or the ground
                truth is not in [0, 1].
        """
        pred, gt = self.get_images(data_sample)
        result: dict[str, dict] = {}
        if 'official' in self.modes:
            result['official'] = text_removal_scores(
                self.pred_bytes(pred), self.gt_bytes(gt))
        if 'strict' in self.modes:
            result['strict'] = strict_removal_scores(pred, gt)
            result['regions'] = self._regions(data_sample, pred, gt)
        return result

    @property
    def score_names(self) -> list[str]:
        names = [row[0] for mode in self.modes for row in _REPORTED[mode]]
        if 'official' in self.modes:
            names.append('skipped')
        if 'strict' in self.modes:
            names += [name for name, _ in _REGIONS]
        return names

    def compute_metrics(self, results: list[dict]) -> dict:
        """Average over the images.

        Args:
            results: What :meth:`measure` returned for each image.

        Returns:
            Scores by name, in published units.
        """
        scores: dict[str, float] = {}
        if 'official' in self.modes:
            averages = average_text_removal_scores(
                [result['official'] for result in results])
            scores.update(_report('official', averages))
            scores['skipped'] = averages['skipped']
        if 'strict' in self.modes:
            scores.update(
                _report(
                    'strict',
                    average_strict_scores(
                        [result['strict'] for result in results])))
            for name, _ in _REGIONS:
                average = average_region_psnr(
                    [result['regions'].get(name) for result in results])
                if average is not None:
                    scores[name] = average
        return scores

    def image_scores(self, result: dict) -> dict[str, float]:
        """The scores of one image, in published units."""
        scores: dict[str, float] = {}
        for mode in self.modes:
            scores.update(_report(mode, result[mode]))
        scores.update({
            name: value
            for name, value in result.get('regions', {}).items()
            if value is not None
        })
        return scores

    def _regions(self, data_sample: dict, pred: np.ndarray,
                 gt: np.ndarray) -> dict:
        if 'gt_text_mask' not in data_sample:
            return {}
        mask = self.get_data(data_sample, 'gt_text_mask')[0].numpy()
        if mask.shape != gt.shape[1:]:
            raise ValueError(
                'gt_text_mask and gt_image of '
                f'{data_sample.get("img_path")!r} must have the same '
                f'size, but got {mask.shape} and {gt.shape[1:]}')
        return {
            name: region_psnr(pred, gt, mask == value)
            for name, value in _REGIONS
        }


def _report(mode: str, scores: dict[str, float]) -> dict[str, float]:
    return {
        name: scores[key] * unit
        for name, key, unit in _REPORTED[mode] if key in scores
    }
