from __future__ import annotations
import logging
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS

from ..checkpoint import (compare_palettes, compare_state_dicts,
                          compare_windows, load_tensors, task_meta_of,
                          weights_of)
from ..models import UPOCR
from ..utils import reason_of


def load_model(config: str | Path, checkpoint: str | Path | None) -> UPOCR:
    """Build the model of a configuration, to predict with in float32.

    Args:
        config: Path of the configuration.
        checkpoint: A file of a training or of ``upocr2mm.py``, from which no
            code is run; None leaves the initial, random weights.

    Returns:
        The model on the CPU, in evaluation mode, without losses.

    Raises:
        FileNotFoundError: A file does not exist.
        ValueError: The configuration has no model of this package, or the
            checkpoint does not fit it.
    """
    cfg = _model_cfg(Path(config))
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg)
    if checkpoint is None:
        logger = MMLogger.get_current_instance()
        level = logger.level
        # It would list every parameter.
        logger.setLevel(logging.WARNING)
        model.init_weights()
        logger.setLevel(level)
        return model.eval()
    content = load_tensors(str(checkpoint), skip_objects=True)
    meta = task_meta_of(content, str(checkpoint))
    # Neither losses nor what a training alone has are part of the model here.
    ended = 'losses.', *meta.get('training_only', ())
    found = {
        k: v
        for k, v in weights_of(content, str(checkpoint)).items()
        if not k.startswith(ended)
    }
    expected = model.state_dict()
    differences = [
        *compare_state_dicts(expected, found, limit=3),
        *compare_windows(expected, found),
        *compare_palettes(model.task_meta['palettes'], meta['palettes']),
    ]
    if differences:
        raise ValueError(f'the checkpoint {checkpoint} does not fit the model '
                         f'of {config}: {"; ".join(differences)}')
    model.load_state_dict(found, strict=False)  # compared above
    return model.eval()


def _model_cfg(config: Path) -> dict:
    """``model`` of a configuration, without what only training needs."""
    if not config.is_file():
        raise FileNotFoundError(f'the configuration {config} does not exist')
    try:
        cfg = Config.fromfile(config, import_custom_modules=False).get('model')
    except Exception as error:  # a config is a program
        raise ValueError(
            f'{config} is not a configuration: '
            f'{type(error).__name__}: {reason_of(error)}') from None
    kind = None if cfg is None else cfg.get('type')
    if kind not in ('UPOCR', 'ViTEraser'):
        raise ValueError(f"model.type of {config} must be 'UPOCR' or "
                         f"'ViTEraser', but is {kind!r}")
    if kind == 'ViTEraser':  # predicts as a UPOCR without prompts
        cfg.type = 'UPOCR'
        for key in ('mask_branch', 'discriminator', 'mask_loss',
                    'adversarial_loss'):
            cfg.pop(key, None)
    cfg.losses = None
    cfg.test_cfg = None
    for part in (cfg.backbone, cfg.decode_head):
        # The file that a training starts from.
        part.init_cfg = None
    return cfg
