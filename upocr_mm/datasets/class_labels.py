from __future__ import annotations

from mmengine.structures import PixelData


class ClassLabels(PixelData):
    """Class labels that take a byte per pixel until a data preprocessor.

    A data set packs ``data`` as uint8 (1, H, W), which is an eighth of the
    int64 that losses want to go from a worker to the device. The step from
    one to the other is in :meth:`to`, because that is how every data
    preprocessor of mmengine moves a batch to its device, also when that is
    the CPU: MMSegmentation's own ``SegDataPreProcessor`` leaves the type of
    labels as it is, and its models train on this package's data sets, too.

    Examples:
        >>> labels = ClassLabels(data=torch.zeros(1, 2, 2).byte())
        >>> labels.to('cpu').data.dtype
        torch.int64
    """

    def to(self, *args, **kwargs) -> ClassLabels:
        """Move to a device, then widen there.

        Args:
            *args: Arguments of ``torch.Tensor.to``.
            **kwargs: Arguments of ``torch.Tensor.to``.

        Returns:
            New labels with int64 ``data``.
        """
        moved = super().to(*args, **kwargs)
        moved.data = moved.data.long()
        return moved
