from __future__ import annotations

import numpy as np
from mmseg.registry import TASK_UTILS

from ...dependencies import require
from .base_text_detector import BaseTextDetector


@TASK_UTILS.register_module()
class RapidOCRTextDetector(BaseTextDetector):
    """Detector of PP-OCR from the package ``rapidocr``, its model included.

    Needs no download, but is not the detector of published tables. Images are
    enlarged to a shorter side of at least 1280 pixels: at the package's 736
    it misses small text.

    Args:
        params: Settings of ``rapidocr.RapidOCR``, such as
            ``{'Det.box_thresh': 0.5}``, that differ from this and from the
            package's defaults.

    Raises:
        ImportError: ``rapidocr`` or ``onnxruntime`` is not installed.
    """

    name = 'rapidocr'

    def __init__(self, params: dict | None = None) -> None:
        require('onnxruntime', 'evaluation')
        package = require('rapidocr', 'evaluation')
        defaults = {
            'Global.log_level': 'error',
            'Det.limit_type': 'min',
            'Det.limit_side_len': 1280
        }
        self._engine = package.RapidOCR(params={**defaults, **(params or {})})

    def detect(self, image: np.ndarray, img_path: str) -> list[list[float]]:
        """Find the texts in a picture; see :class:`BaseTextDetector`."""
        result = self._engine(
            np.ascontiguousarray(image[..., ::-1]),  # takes BGR
            use_det=True,
            use_cls=False,
            use_rec=False)
        if result.boxes is None:
            return []
        return [np.ravel(box).tolist() for box in result.boxes]
