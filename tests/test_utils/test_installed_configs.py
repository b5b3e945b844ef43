from __future__ import annotations
from pathlib import Path

import mmseg
import pytest
from mmengine.config import Config

from upocr_mm.utils import mmseg_config

MISSING = 'unet/unet_of-tomorrow.py'


def test_path_of_an_installed_config() -> None:
    path = Path(mmseg_config('_base_/schedules/schedule_80k.py'))
    assert path.is_absolute()
    assert Config.fromfile(path).train_cfg.max_iters == 80000


def test_missing_config_as_base(tmp_path: Path) -> None:
    """One message: which config, which version is there, what to install."""
    file = tmp_path / 'config.py'
    file.write_text("_base_ = [__import__('upocr_mm.utils').utils."
                    f"mmseg_config('{MISSING}')]\n")
    with pytest.raises(FileNotFoundError) as caught:
        Config.fromfile(file)
    message = str(caught.value)
    assert f'MMSegmentation {mmseg.__version__}' in message
    assert MISSING in message
    assert "pip install 'mmsegmentation>=1.2.2'" in message
    assert "pip install 'onedl-mmsegmentation>=1.4.2'" in message
