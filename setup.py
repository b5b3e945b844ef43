"""Build steps that ``setup.cfg`` cannot express.

mim looks for configs and tools in the folder ``.mim`` inside of the installed
package. A regular install copies them there; an editable one links them, so
that changes take effect at once.
"""
import shutil
from pathlib import Path
from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
MIM_FILES = ('configs', 'tools', 'model-index.yml')


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, without what Python compiled."""
    if source.is_dir():
        shutil.copytree(
            source,
            target,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns('__pycache__'))
    else:
        shutil.copy2(source, target)


class BuildWithMim(build_py):
    """Adds ``upocr_mm/.mim`` to what is built."""

    def run(self) -> None:
        super().run()
        editable = getattr(self, 'editable_mode', False)
        package = (ROOT if editable else Path(self.build_lib)) / 'upocr_mm'
        folder = package / '.mim'
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        for name in MIM_FILES:
            if not editable:
                copy(ROOT / name, folder / name)
                continue
            try:
                (folder / name).symlink_to(Path('..', '..', name))
            except OSError:  # Windows without the right to make links
                copy(ROOT / name, folder / name)


setup(cmdclass=dict(build_py=BuildWithMim))
