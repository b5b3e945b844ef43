from __future__ import annotations
import importlib
import importlib.util
from importlib import metadata
from types import ModuleType

from packaging.version import Version

# import name -> (distribution names that provide it, lowest version of each)
REQUIRED = {
    'torch': {'torch': '2.1.0'},
    'torchvision': {'torchvision': '0.16.0'},
    'mmengine': {'onedl-mmengine': '0.10.12', 'mmengine': '0.10.7'},
    'mmcv': {'onedl-mmcv': '2.3.6', 'mmcv': '2.1.0'},
    'mmseg': {'onedl-mmsegmentation': '1.4.2', 'mmsegmentation': '1.2.2'},
    'mmpretrain': {'onedl-mmpretrain': '1.3.6', 'mmpretrain': '1.2.0'},
}  # yapf: disable


def _installed_version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def find_problems(required: dict[str, dict[str, str]]) -> list[str]:
    """List what is missing or too old.

    Args:
        required: For each import name the distributions that provide it, with
            the lowest version of each. A package that can be imported but
            belongs to none of them (a source tree on the path) is accepted.

    Returns:
        One sentence for each missing or too old package.
    """
    problems = []
    for package, distributions in required.items():
        if importlib.util.find_spec(package) is None:
            problems.append(f'{package} is not installed (provided by '
                            f'{" or ".join(distributions)})')
            continue
        versions = {
            name: version
            for name in distributions
            if (version := _installed_version(name)) is not None
        }
        for name, version in versions.items():
            if Version(version) < Version(distributions[name]):
                problems.append(f'{name} {version} is too old, at least '
                                f'{distributions[name]} is needed')
    return problems


def check_dependencies() -> None:
    """Check that one of the two supported stacks is installed.

    The four OpenMMLab packages exist in two distributions with the same
    import names (see ``requirements/``), so pip cannot check them for us.

    Raises:
        ImportError: A package is missing or too old; the message names all of
            them and the way to install them.
    """
    problems = find_problems(REQUIRED)
    if problems:
        raise ImportError(
            'upocr_mm needs PyTorch and the OpenMMLab packages:\n  - ' +
            '\n  - '.join(problems) +
            '\nInstall them from a clone of the project, with `pip install -r '
            'requirements/onedl.txt` (maintained distributions, current '
            'PyTorch) or, for the packages as OpenMMLab published them, as '
            'requirements/openmmlab-build.txt describes.')


def require(module: str, extra: str) -> ModuleType:
    """Import a module of an optional dependency.

    Args:
        module: Full name of the module.
        extra: The extra of this package that installs it.

    Returns:
        The module.

    Raises:
        ImportError: It is not installed; the message names the way to
            install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f'{module.split(".")[0]} cannot be imported ({error}); install '
            f'it with `pip install "upocr_mm[{extra}]"`, or '
            f'`pip install ".[{extra}]"` in a clone') from error
