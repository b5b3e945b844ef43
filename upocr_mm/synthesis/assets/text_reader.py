from __future__ import annotations

import numpy as np

from ...dependencies import require

# Windows, tiles and bars are read as these.
LOOKALIKES = set('口田日目曰回三二一王工十门IiLlOo0')


class TextReader:
    """Tells whether a picture holds text, by reading it.

    A detector alone calls windows, bricks, fences and spots of light text:
    just what backgrounds need. So what PP-OCR (of ``rapidocr``, its models
    included) detects counts if something can be read there, as it is, upside
    down or mirrored (textures are).

    Args:
        engine: Something with the interface of ``rapidocr.RapidOCR``.
            Defaults to None: that.

    Raises:
        ImportError: ``rapidocr`` or ``onnxruntime`` is not installed.
    """

    def __init__(self, engine: object | None = None) -> None:
        if engine is None:
            require('onnxruntime', 'evaluation')
            package = require('rapidocr', 'evaluation')
            engine = package.RapidOCR(
                params={
                    'Global.log_level': 'critical',
                    'Det.limit_type': 'min',
                    'Det.limit_side_len': 736
                })
        self._engine = engine

    def __call__(self, image: np.ndarray) -> bool:
        """Whether text can be read in a picture.

        Args:
            image: uint8 RGB image of shape (H, W, 3).
        """
        image = image[..., ::-1]  # the engine takes BGR
        found = self._engine(
            np.ascontiguousarray(image),
            use_det=True,
            use_cls=False,
            use_rec=False)
        if found.boxes is None:
            return False
        return any(self._can_read(view) for view in (image, image[:, ::-1]))

    def _can_read(self, image: np.ndarray) -> bool:
        found = self._engine(
            np.ascontiguousarray(image),
            use_det=True,
            use_cls=True,  # turns what is upside down
            use_rec=True)
        # Both are None, or missing, where nothing was read.
        texts = getattr(found, 'txts', None) or ()
        scores = getattr(found, 'scores', None) or ()
        return any(map(is_text, texts, scores))


def is_text(text: str, score: float) -> bool:
    """Whether what was read can be trusted to be text.

    Args:
        text: What was read.
        score: The reader's confidence, from 0 to 1.

    Returns:
        True for at least three letters or digits that are no lookalikes of
        windows, for two that are sure, and for words of at least four with
        some lookalikes among them.
    """
    letters = [c for c in text if c.isalnum()]
    plain = [c for c in letters if c not in LOOKALIKES]
    if len(set(plain)) >= 2 and score >= (0.65 if len(plain) >= 3 else 0.9):
        return True
    return (len(letters) >= 4 and len(set(letters)) >= 3 and bool(plain)
            and score >= 0.65)
