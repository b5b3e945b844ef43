from __future__ import annotations
import setuptools
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from mmengine.utils import digit_version

from upocr_mm import __version__

ROOT = Path(__file__).parent.parent
METADATA = f'upocr_mm-{__version__}.dist-info'


@pytest.mark.skipif(
    digit_version(setuptools.__version__) < digit_version('70.1'),
    reason='building needs setuptools 70.1, which pip fetches otherwise')
def test_wheel_holds_what_mim_looks_for(tmp_path: Path) -> None:
    """mim finds configs and tools in the installed package."""
    source = tmp_path / 'source'
    source.mkdir()
    for name in ('upocr_mm', 'configs', 'tools', 'requirements'):
        shutil.copytree(
            ROOT / name,
            source / name,
            ignore=shutil.ignore_patterns('__pycache__', '.mim'))
    for file in ('setup.py', 'setup.cfg', 'pyproject.toml', 'MANIFEST.in',
                 'model-index.yml', 'README.md', 'LICENSE'):
        shutil.copy(ROOT / file, source / file)
    subprocess.run([
        sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps',
        '--no-build-isolation', '--wheel-dir', tmp_path, source
    ], check=True)  # yapf: disable
    wheel, = tmp_path.glob('upocr_mm-*.whl')
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in 'upocr_mm', METADATA:
        assert f'{folder}/.mim/model-index.yml' in names
    for path in [
            *ROOT.glob('configs/**/*.py'), *ROOT.glob('tools/**/*.py'),
            *ROOT.glob('configs/**/metafile.yml')
    ]:
        name = path.relative_to(ROOT).as_posix()
        assert f'upocr_mm/.mim/{name}' in names
        assert f'{METADATA}/.mim/{name}' in names
    for path in ROOT.glob('upocr_mm/**/*.py'):
        if '.mim' not in path.parts:
            assert path.relative_to(ROOT).as_posix() in names
    assert not any(name.startswith('tests') for name in names)
