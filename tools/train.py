"""MMSegmentation's training script, where ``mim train upocr_mm`` looks."""
import runpy
from pathlib import Path

import mmseg

SCRIPT = Path(mmseg.__file__).parent / '.mim' / 'tools' / 'train.py'

if __name__ == '__main__':
    runpy.run_path(str(SCRIPT), run_name='__main__')
