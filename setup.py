"""Build steps that ``setup.cfg`` cannot express.

mim looks for configs and tools in the folder ``.mim`` inside of the installed
package. In an editable install onedl-mim finds them in the checkout itself.
"""
import shutil
from pathlib import Path
from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
MIM_FILES = ('configs', 'tools', 'model-index.yml')


def copy(source: Path, target: Path, *left_out: str) -> None:
    """Copy a file or a folder, without what Python compiled."""
    if source.is_dir():
        shutil.copytree(
            source,
            target,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns('__pycache__', *left_out))
    else:
        shutil.copy2(source, target)


def add_mim(package: Path, *left_out: str) -> None:
    """Put a fresh folder ``.mim`` into a folder."""
    folder = package / '.mim'
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for name in MIM_FILES:
        copy(ROOT / name, folder / name, *left_out)


class BuildWithMim(build_py):
    """Adds ``upocr_mm/.mim`` to what is built."""

    def run(self) -> None:
        super().run()
        if not getattr(self, 'editable_mode', False):
            add_mim(Path(self.build_lib, 'upocr_mm'))


class WheelWithMim(bdist_wheel):
    """Adds ``.mim`` to the metadata of the wheel.

    onedl-mim 0.5.1 takes for the package what comes first in the list of
    installed files, which is not ``upocr_mm`` but the folder of its metadata.
    """

    def egg2dist(self, egginfo_path: str, distinfo_path: str) -> None:
        super().egg2dist(egginfo_path, distinfo_path)
        if 'editable_wheel' not in self.distribution.command_obj:
            # It reads configs there, no weights.
            add_mim(Path(distinfo_path), '*.safetensors')


setup(cmdclass=dict(build_py=BuildWithMim, bdist_wheel=WheelWithMim))
