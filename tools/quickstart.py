"""What a fresh clone needs: the demonstration, the tests, the environment.

Needs nothing but Python. The first call makes a virtual environment
inside of the clone and installs the project in it; later calls use it again.

    python tools/quickstart.py demo     synthetic data, train, test, a table
    python tools/quickstart.py test     lint and tests
    python tools/quickstart.py setup    only the environment
"""
from __future__ import annotations
import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What pip is called with, one call after the other.
STACKS = {
    'onedl': (['-r', 'requirements/onedl.txt'], ),
    'openmmlab': (
        ['-r', 'requirements/openmmlab-build.txt'],
        ['--no-build-isolation', '-r', 'requirements/openmmlab.txt'],
    ),
}
PYTHONS = {'onedl': ((3, 10), (3, 13)), 'openmmlab': ((3, 9), (3, 11))}


def run(*command: str | Path) -> None:
    """Run a command in the clone; stop with its code if it fails."""
    # By default PyTorch's threads spin for long while they wait, which makes
    # everything ten times slower when others use the cores as well.
    env = dict(dict(GOMP_SPINCOUNT='20000'), **os.environ)
    code = subprocess.call([str(part) for part in command], cwd=ROOT, env=env)
    if code:
        sys.exit(code)


def environment(stack: str) -> Path:
    """Folder of the virtual environment of a stack."""
    return ROOT / ('.venv' if stack == 'onedl' else f'.venv-{stack}')


def executable(stack: str, name: str = 'python') -> Path:
    """A program of the environment."""
    folder = 'Scripts' if os.name == 'nt' else 'bin'
    return environment(stack) / folder / name


def fingerprint(stack: str) -> str:
    """What the environment is made from; a change of it makes it anew."""
    files = [
        *sorted((ROOT / 'requirements').glob('*.txt')), ROOT / 'setup.cfg'
    ]
    content = b''.join(path.read_bytes() for path in files)
    content += f'{stack} {sys.version_info[:2]} {ROOT}'.encode()
    return hashlib.sha256(content).hexdigest()


def set_up(stack: str) -> None:
    """Make the environment unless it is there and up to date."""
    low, high = PYTHONS[stack]
    if not low <= sys.version_info[:2] <= high:
        sys.exit(f'The {stack} stack needs Python {low[0]}.{low[1]} to '
                 f'{high[0]}.{high[1]}, this is {sys.version.split()[0]}. '
                 'Call this script with another one, for instance '
                 '`python3.11 tools/quickstart.py ...`.')
    folder = environment(stack)
    marker = folder / 'upocr_mm.ready'
    if marker.is_file() and marker.read_text() == fingerprint(stack):
        print(f'Environment: {folder} (ready)', flush=True)
        return
    start = time.time()
    print(
        f'Environment: making {folder}.\n  PyTorch and the OpenMMLab packages '
        'are downloaded from PyPI (about 3 GB with the libraries for CUDA),\n'
        '  which takes a few minutes'
        f'{", and mmcv is compiled (10 more)" if stack == "openmmlab" else ""}'
        '. Nothing outside of this folder is changed.',
        flush=True)
    if folder.exists():
        if not marker.is_file():
            sys.exit(f'{folder} exists and was not made by this script; '
                     'remove it, or move it away.')
        shutil.rmtree(folder)
    # From now on it is recognized as ours, also after an interrupt.
    folder.mkdir()
    marker.write_text('not complete')
    try:
        venv.create(folder, with_pip=True)
    except (subprocess.CalledProcessError, ImportError):
        shutil.rmtree(folder, ignore_errors=True)
        sys.exit('Python could not make a virtual environment; on Debian and '
                 'Ubuntu that needs `apt install python3-venv`.')
    pip = [executable(stack), '-m', 'pip', '--disable-pip-version-check']
    # What is installed later must not replace the stack, above all not numpy.
    pins = ['-c', f'requirements/{stack}.txt']
    steps = [
        *STACKS[stack],
        ['-r', 'requirements/tests.txt', *pins],
        ['--editable', '.', *pins],
    ]
    # Downloads of minutes show their progress to whom waits for them.
    quiet = [] if sys.stdout.isatty() else ['--quiet']
    for i, arguments in enumerate(steps, 1):
        print(
            f'  [{i}/{len(steps)}] pip install {" ".join(arguments)}',
            flush=True)
        run(*pip, 'install', *quiet, *arguments)
    marker.write_text(fingerprint(stack))
    print(f'Environment: ready after {time.time() - start:.0f} s', flush=True)


def test(stack: str, arguments: list[str]) -> None:
    """Lint, then the tests; ``arguments`` go to pytest."""
    folders = ['upocr_mm', 'configs', 'tools', 'tests', 'setup.py']
    if not arguments:
        print('Lint: flake8, isort, yapf', flush=True)
        run(executable(stack), '-m', 'flake8', *folders)
        run(executable(stack), '-m', 'isort', '--check', '--diff', *folders)
        run(
            executable(stack), '-m', 'yapf', '--parallel', '--recursive',
            '--diff', *folders)
    workers = min(os.cpu_count() or 1, 4)
    run(
        executable(stack), '-m', 'pytest', '-n', str(workers), '--dist',
        'worksteal', *arguments)


def demo(stack: str, arguments: list[str]) -> None:
    """The demonstration; ``arguments`` go to ``tools/demo.py``."""
    run(executable(stack), ROOT / 'tools' / 'demo.py', *arguments)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('command', choices=['demo', 'test', 'setup'])
    parser.add_argument(
        '--stack',
        choices=list(STACKS),
        default='onedl',
        help='which distributions of the OpenMMLab packages (default: onedl)')
    args, rest = parser.parse_known_args()
    set_up(args.stack)
    if args.command == 'demo':
        demo(args.stack, rest)
    elif args.command == 'test':
        test(args.stack, rest)


if __name__ == '__main__':
    main()
