from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F
from torchvision.models import vgg16_bn

# Layers of VGG-16 with batch norm, up to each shortcut.
_SLICES = ((0, 12), (12, 19), (19, 29), (29, 39))


class CRAFT(nn.Module):
    """Character region and affinity maps (Baek et al., CRAFT, CVPR 2019).

    A VGG-16 with batch norm and four up-sampling stages. The names of the
    parameters are those of the published weights (``craft_mlt_25k.pth``), so
    that these load as they are.
    """

    def __init__(self) -> None:
        super().__init__()
        self.basenet = _Basenet()
        self.upconv1 = _UpConv(1024, 512, 256)
        self.upconv2 = _UpConv(512, 256, 128)
        self.upconv3 = _UpConv(256, 128, 64)
        self.upconv4 = _UpConv(128, 64, 32)
        self.conv_cls = nn.Sequential(
            nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(32, 16, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(16, 16, 1), nn.ReLU(inplace=True), nn.Conv2d(16, 2, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Score every second pixel.

        Args:
            images: Shape (N, 3, H, W), RGB normalized by ImageNet's mean and
                deviation; H and W multiples of 32.

        Returns:
            Shape (N, 2, H / 2, W / 2): scores of a character's region and of
            the link between two characters, about 0 to 1.
        """
        *shortcuts, feats = self.basenet(images)
        up_convs = (self.upconv1, self.upconv2, self.upconv3, self.upconv4)
        for up_conv, shortcut in zip(up_convs, reversed(shortcuts)):
            if feats.shape[2:] != shortcut.shape[2:]:
                feats = F.interpolate(
                    feats,
                    size=shortcut.shape[2:],
                    mode='bilinear',
                    align_corners=False)
            feats = up_conv.conv(torch.cat((feats, shortcut), 1))
        return self.conv_cls(feats)


class _Basenet(nn.Module):
    """VGG-16 in slices; the last one is dilated instead of pooled."""

    def __init__(self) -> None:
        super().__init__()
        layers = vgg16_bn(weights=None).features
        for number, (start, stop) in enumerate(_SLICES, 1):
            # Named by their place in VGG-16, as the weights are.
            part = nn.Sequential()
            for i in range(start, stop):
                part.add_module(str(i), layers[i])
            self.add_module(f'slice{number}', part)
        self.slice5 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1),
            nn.Conv2d(512, 1024, 3, padding=6, dilation=6),
            nn.Conv2d(1024, 1024, 1))

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        feats = []
        for number in range(1, 6):
            images = getattr(self, f'slice{number}')(images)
            # The next slice opens with a ReLU in place, so that the weights
            # were trained with rectified shortcuts; only slice 5 has none.
            feats.append(F.relu(images) if number < 4 else images)
        return feats


class _UpConv(nn.Module):

    def __init__(self, channels: int, mid_channels: int,
                 out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(channels + mid_channels, mid_channels, 1),
            nn.BatchNorm2d(mid_channels), nn.ReLU(inplace=True),
            nn.Conv2d(mid_channels, out_channels, 3, padding=1),
            nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True))
