from __future__ import annotations
import math
from typing import Sequence

from mmseg.registry import METRICS, TASK_UTILS

from ...dependencies import require
from ...utils import read_image
from ..functional.text_detection import (PROTOCOLS, SHAPES, Matches,
                                         sum_matches, to_polygon)
from .image_pair_metric import ImagePairMetric
from .per_sample_metric import warn_undefined

_PICTURES = ('pred', 'input', 'gt')


@METRICS.register_module()
class TextDetectionMetric(ImagePairMetric):
    """How much text a detector still finds ("detection-eval").

    The less, the better was the text removed: low recall. There is no single
    standard, so the names of the scores tell detector, protocol and shape;
    numbers of different names are not comparable. Published numbers of
    ViTEraser and UPOCR are ``craft_ic15_polygon``, those of GaRNet
    ``..._deteval_aabb``.

    Needs the fields ``pred_image`` and ``gt_image``, float RGB (3, H, W) in
    [0, 1], and in the metainfo ``ori_polygons``, the text regions
    ``[x, y, x, y, ...]`` in pixels of the file. The detector sees predictions
    cut off to uint8, as the benchmark stores them.

    Args:
        detector: Config of a :class:`BaseTextDetector`.
        protocol: ``'ic15'`` (IoU > 0.5) or ``'deteval'`` (0.8 / 0.4), or
            both as a list.
        shape: What ground truth polygons and detections are made into:
            ``'polygon'`` (as they are), ``'minarect'`` or ``'aabb'``, or
            several as a list.
        pictures: Where to search: ``'pred'``; ``'input'`` gives the ceiling
            (text untouched) and ``'gt'`` the floor (what is found in the
            pictures without text).
        prefix: Put before the names of the results, with a slash.

    Raises:
        ImportError: ``shapely`` is not installed.
        ValueError: An argument has a value that is not allowed.

    Metrics:
        - <detector>_<protocol>_<shape>/R, /P, /F: recall, precision and F of
          the detector on the predictions, in percent, over the whole set
        - <detector>_<protocol>_<shape>_input/..., ..._gt/...: the same on the
          input images and on the ground truths
    """

    def __init__(self,
                 detector: dict = dict(type='RapidOCRTextDetector'),
                 protocol: str | Sequence[str] = 'ic15',
                 shape: str | Sequence[str] = 'polygon',
                 pictures: Sequence[str] = ('pred', ),
                 prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        require('shapely', 'evaluation')
        self.protocols = _choices('protocol', protocol, tuple(PROTOCOLS))
        self.shapes = _choices('shape', shape, SHAPES)
        self.pictures = _choices('pictures', pictures, _PICTURES)
        self.detector = TASK_UTILS.build(detector)
        if not self.detector.sees_images and self.pictures != ['pred']:
            raise ValueError(
                f'{type(self.detector).__name__} only knows the predictions: '
                f"pictures must be ['pred'], but got {self.pictures}")

    def measure(self, data_sample: dict) -> dict[str, Matches]:
        """Detect and match the texts of one image.

        Args:
            data_sample: Prediction and ground truth as a dict.

        Returns:
            Outcome of the matching, by the name of the score.

        Raises:
            ValueError: A field or the polygons are missing, or sizes differ.
        """
        img_path = data_sample.get('img_path', '')
        polygons = data_sample.get('ori_polygons')
        if polygons is None:
            raise ValueError(
                f'{type(self).__name__} needs the polygons of {img_path!r}: '
                'a data set that gives them (SCUTEnsTextDataset with the '
                'folder all_gts), LoadTargets in its pipeline and '
                'ori_polygons among the meta_keys of PackImageToImageInputs')
        pred, gt = self.get_images(data_sample)
        result = {}
        for picture in self.pictures:
            if picture == 'input':
                image = read_image(img_path, 'rgb')
            elif picture == 'gt':
                image = self.gt_bytes(gt)
            else:
                image = self.pred_bytes(pred)
            found = self.detector.detect(image, img_path)
            for name, matches in self._match(polygons, found):
                suffix = '' if picture == 'pred' else f'_{picture}'
                result[name + suffix] = matches
        return result

    @property
    def score_names(self) -> list[str]:
        suffixes = ['' if p == 'pred' else f'_{p}' for p in self.pictures]
        return [
            f'{self.detector.name}_{protocol}_{shape}{suffix}/{key}'
            for protocol in self.protocols for shape in self.shapes
            for suffix in suffixes for key in 'RPF'
        ]

    def compute_metrics(self, results: list[dict[str, Matches]]) -> dict:
        """Score all images together.

        Args:
            results: What :meth:`measure` returned for each image.

        Returns:
            Scores by name, in percent.
        """
        totals = {
            name: sum_matches([result[name] for result in results])
            for name in results[0]
        }
        if not all(total.num_gt for total in totals.values()):
            warn_undefined(self, 'its scores',
                           'the data set has no polygon of text')
        return {
            f'{name}/{key}': 100 * value if total.num_gt else math.nan
            for name, total in totals.items()
            for key, value in total.scores().items()
        }

    def image_scores(self, result: dict[str, Matches]) -> dict[str, float]:
        """Recall of one image, in percent, if it has text."""
        return {
            f'{name}/R': 100 * matches.scores()['R']
            for name, matches in result.items() if matches.num_gt
        }

    def _match(self, polygons: list[list[int]],
               found: list[list[float]]) -> list[tuple[str, Matches]]:
        matches = []
        for shape in self.shapes:
            gts = [to_polygon(points, shape) for points in polygons]
            dets = [to_polygon(points, shape) for points in found]
            for protocol in self.protocols:
                matches.append((f'{self.detector.name}_{protocol}_{shape}',
                                PROTOCOLS[protocol](gts, dets)))
        return matches


def _choices(name: str, value: str | Sequence[str],
             allowed: Sequence[str]) -> list[str]:
    chosen = [value] if isinstance(value, str) else list(value)
    if not chosen or not set(chosen) <= set(allowed):
        raise ValueError(f'{name} must be among {list(allowed)}, but got '
                         f'{value!r}')
    return chosen
