from __future__ import annotations
import os.path as osp

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader
from mmseg.registry import MODELS
from torchvision.models import VGG16_Weights
from torchvision.models.vgg import cfgs, make_layers

from ..fields import require_weights
from ..task_codecs import ImageTarget

# The layers of VGG-16 up to and including each of the first three poolings.
SLICES = ((0, 5), (5, 10), (10, 17))


@MODELS.register_module()
class VGGFeatureLoss(BaseModule):
    """Perceptual and style loss on the first three poolings of VGG-16.

    UPOCR, eq. 2 and eqs. 5-7 (appendix A.2). Each is the sum, over three
    layers and over the output and the composite (the output inside the text
    region, the input outside), of the mean L1 distance to the target's
    features, respectively of their Gram matrices ``F F^T / (c h w)``. VGG
    sees RGB images in [0, 1] without normalization.

    VGG-16 is neither trained nor part of the state dict. Its weights are read
    when the model is initialized for training, not when it is built.

    Args:
        weights: The name of torchvision's weights (``'IMAGENET1K_V1'``,
            downloaded once into torch's cache), a file with a state dict of
            torchvision's VGG-16, or ``'random'`` for weights from a
            fixed seed.
        perceptual_weight: alpha_per of eq. 2.
        style_weight: alpha_sty of eq. 2.

    Raises:
        ValueError: ``weights`` is neither a name nor a file, the file does
            not hold VGG-16, or a weight is negative or not finite.
    """

    def __init__(self,
                 weights: str = 'IMAGENET1K_V1',
                 perceptual_weight: float = 0.01,
                 style_weight: float = 120.) -> None:
        super().__init__()
        names = [w.name for w in VGG16_Weights]
        if weights not in (*names, 'random') and not osp.isfile(weights):
            raise ValueError(
                f'weights of VGGFeatureLoss must be one of {names}, '
                f"'random' or an existing file, but got {weights!r}")
        require_weights('perceptual_weight', [perceptual_weight])
        require_weights('style_weight', [style_weight])
        self.weights = weights
        self.perceptual_weight = perceptual_weight
        self.style_weight = style_weight
        # In a tuple, so that it is no sub-module: its parameters must not
        # reach the optimizer, the checkpoints or DDP. See _apply().
        self._vgg = (self._build(), )
        self._is_loaded = False

    @staticmethod
    def _build() -> nn.Sequential:
        # Fixed values without touching the generator of the training.
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            features = make_layers(cfgs['D'], batch_norm=False)
        features = features[:SLICES[-1][1]]
        for layer in features:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False  # the pooled features are used again
        return features.requires_grad_(False).eval()

    @property
    def vgg(self) -> nn.Sequential:
        """The frozen layers of VGG-16 up to the third pooling."""
        return self._vgg[0]

    def _apply(self, fn, *args, **kwargs) -> VGGFeatureLoss:
        super()._apply(fn, *args, **kwargs)
        self.vgg._apply(fn)
        return self

    def init_weights(self) -> None:
        """Read the weights of VGG-16 (part of mmengine's initialization)."""
        super().init_weights()
        self._load_once()

    def _load_once(self) -> None:
        """Read the weights of VGG-16 unless that was done.

        Raises:
            ValueError: They cannot be had.
        """
        if self._is_loaded or self.weights == 'random':
            return
        if osp.isfile(self.weights):
            state = CheckpointLoader.load_checkpoint(
                self.weights, map_location='cpu')
        else:
            try:
                state = VGG16_Weights[self.weights].get_state_dict(
                    progress=False, check_hash=True)
            except (OSError, RuntimeError) as error:
                raise ValueError(
                    f'the weights {self.weights} of VGG-16 could not be '
                    f'downloaded ({error}); put the file '
                    f'{VGG16_Weights[self.weights].url} somewhere and give '
                    "its path as weights, or use weights='random'") from error
        wanted = self.vgg.state_dict()
        missing = [
            key for key, value in wanted.items() if getattr(
                state.get(f'features.{key}'), 'shape', None) != value.shape
        ]
        if missing:
            raise ValueError(
                f'{self.weights} is not a state dict of VGG-16: it lacks, or '
                'has in another shape, ' + ', '.join(f'features.{key}'
                                                     for key in missing))
        self.vgg.load_state_dict(
            {key: state[f'features.{key}']
             for key in wanted})
        self._is_loaded = True
        print_log(f'VGG-16 of the feature loss: {self.weights}', 'current')

    def forward(self, preds: list[torch.Tensor], target: ImageTarget,
                inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """Compute both losses for the full-size prediction.

        Args:
            preds: Images from small to large; the last, of shape (N, 3, H,
                W), is used.
            target: Target images; without a region the composite is the
                output itself.
            inputs: Input images of shape (N, 3, H, W), RGB in [0, 1].

        Returns:
            ``loss_perceptual`` and ``loss_style``, weighted scalars.
        """
        self._load_once()
        pred = preds[-1]
        region = target.region
        composite = pred if region is None else (pred * region + inputs *
                                                 (1 - region))
        n = len(pred)
        with torch.no_grad():
            gt_feats = self._features(target.image)
        feats = self._features(torch.cat((pred, composite)))
        perceptual = style = 0.
        for feat, gt_feat in zip(feats, gt_feats):
            gt_gram = gram_matrix(gt_feat)
            for part in feat[:n], feat[n:]:
                perceptual = perceptual + F.l1_loss(part.float(),
                                                    gt_feat.float())
                style = style + F.l1_loss(gram_matrix(part), gt_gram)
        return dict(
            loss_perceptual=self.perceptual_weight * perceptual,
            loss_style=self.style_weight * style)

    def _features(self, images: torch.Tensor) -> list[torch.Tensor]:
        feats = []
        for start, stop in SLICES:
            images = self.vgg[start:stop](images)
            feats.append(images)
        return feats


def gram_matrix(feats: torch.Tensor) -> torch.Tensor:
    """Gram matrices ``F F^T / (c h w)``, in float32 also under autocast.

    Args:
        feats: Shape (N, C, H, W).

    Returns:
        Shape (N, C, C).
    """
    n, c, h, w = feats.shape
    # Sums over thousands of pixels leave the range of half precision.
    with torch.autocast(feats.device.type, enabled=False):
        feats = feats.float().view(n, c, h * w)
        return feats @ feats.transpose(1, 2) / (c * h * w)
