from __future__ import annotations
import logging
import math
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.logging import print_log
from mmseg.registry import METRICS

from ...utils import written_whole
from ..functional import frechet_distance
from ..networks import WEIGHTS_URL, InceptionFeatures, inception_weights
from .image_pair_metric import ImagePairMetric
from .per_sample_metric import warn_undefined


@METRICS.register_module()
class FIDMetric(ImagePairMetric):
    """Fréchet inception distance between predictions and ground truths.

    The numbers of the package pytorch-fid: its Inception-v3 (2048 pooled
    features, 299x299, bilinear) on predictions as the benchmark stores them,
    cut off to uint8. The distance itself is exact for any number of images,
    see :func:`~upocr_mm.evaluation.functional.frechet_distance`.

    Nothing is downloaded: without the weights a warning says where to get
    them, and the score is left out.

    Needs the fields ``pred_image`` and ``gt_image``, float RGB (3, H, W) in
    [0, 1].

    Args:
        weights: File of pytorch-fid's weights. Default: where pytorch-fid
            keeps them, ``$TORCH_HOME/hub/checkpoints``.
        save_features: File (``.npz``) to save the features of predictions and
            ground truths in, with the names of the images.
        gt_features: Such a file of another run: the features of the ground
            truths are taken from it and not computed again.
        prefix: Put before the names of the results, with a slash.

    Raises:
        FileNotFoundError: ``weights`` or ``gt_features`` is given and does not
            exist.
        ValueError: One of them holds something else.
        ImportError: ``pytorch_fid`` is not installed.

    Metrics:
        - FID: Fréchet inception distance, >= 0, lower is better
    """

    def __init__(self,
                 weights: str | None = None,
                 save_features: str | None = None,
                 gt_features: str | None = None,
                 prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        self.save_features = save_features
        self._gt_features = _read_features(gt_features) if gt_features else {}
        self._gt_file = gt_features
        self.network: InceptionFeatures | None = None
        if weights or inception_weights().is_file():
            self.network = InceptionFeatures(
                str(weights or inception_weights()))
        else:
            print_log(
                f'FID is left out: there are no weights at '
                f'{inception_weights()}. Fetch {WEIGHTS_URL} and put the '
                'file there, or give its path as weights of FIDMetric.',
                logger='current',
                level=logging.WARNING)

    def measure(self, data_sample: dict) -> dict[str, object]:
        """Features of one image.

        Args:
            data_sample: Prediction and ground truth as a dict.

        Returns:
            ``name`` of the image, and the features ``pred`` and ``gt``,
            float32 arrays (2048,); nothing if there are no weights.

        Raises:
            ValueError: A field is missing, sizes differ, or ``gt_features``
                lacks the image.
        """
        if self.network is None:
            return {}
        device = data_sample['pred_image']['data'].device
        pred, gt = self.get_images(data_sample)
        name = Path(data_sample.get('img_path', '')).name
        if not self._gt_file:
            gt_features = self._features(self.gt_bytes(gt), device)
        elif name in self._gt_features:
            gt_features = self._gt_features[name]
        else:
            raise ValueError(f'gt_features ({self._gt_file}) has no image '
                             f'{name!r}; it is of another data set')
        return dict(
            name=name,
            pred=self._features(self.pred_bytes(pred), device),
            gt=gt_features)

    @property
    def score_names(self) -> list[str]:
        return ['FID']

    def compute_metrics(self, results: list[dict]) -> dict:
        """Distance between the two sets of features.

        Args:
            results: What :meth:`measure` returned for each image.

        Returns:
            ``FID``, or nothing if there are no weights.
        """
        if self.network is None:
            return {}
        if len(results) < 2:
            warn_undefined(self, 'FID', 'it needs two images at least')
            return dict(FID=math.nan)
        pred, gt = (
            np.stack([result[key] for result in results])
            for key in ('pred', 'gt'))
        if self.save_features and is_main_process():
            names = [result['name'] for result in results]
            file = Path(self.save_features)
            with written_whole(file) as folder:
                # A file, as of a name NumPy may change the ending.
                with open(folder / file.name, 'wb') as output:
                    np.savez(output, names=np.array(names), pred=pred, gt=gt)
        return dict(FID=frechet_distance(pred, gt))

    def _features(self, image: np.ndarray, device: torch.device) -> np.ndarray:
        inputs = torch.from_numpy(image.transpose(2, 0, 1)).to(device)
        network = self.network.to(device)
        return network(inputs[None].float() / 255)[0].cpu().numpy()


def _read_features(filename: str) -> dict[str, np.ndarray]:
    try:
        with np.load(filename, allow_pickle=False) as file:
            names, features = file['names'].tolist(), file['gt']
    except FileNotFoundError:
        raise FileNotFoundError(
            f'the features {filename} do not exist') from None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ValueError(f'{filename} holds no features of FIDMetric '
                         f'(save_features): {error}') from error
    if len(set(names)) != len(names):
        raise ValueError(f'{filename} has several images of one name, so that '
                         'its features cannot be told apart')
    return dict(zip(names, features))
