"""Pictures, packages and an apt of our own: tests touch no network."""
from __future__ import annotations
import os
import shutil
import stat
import subprocess
from pathlib import Path

import cv2
import numpy as np

COPYRIGHT = '''Format: https://www.debian.org/doc/packaging-manuals/
 copyright-format/1.0/

Files: *
Copyright: 2020 A. Painter
License: CC-BY-SA-4.0

Files: photos/secret*
Copyright: 2021 Somebody
License: CC-BY-NC-4.0
'''
APT_CACHE = '''#!/bin/sh
shift 2
for name in "$@"; do
  for deb in {repository}/"$name"_*.deb; do
    [ -f "$deb" ] || continue
    dpkg-deb --field "$deb" Package Version
    echo "Filename: pool/$name.deb"
    echo "Size: $(wc -c < "$deb")"
    echo
  done
done
'''
APT_GET = '''#!/bin/sh
name=${{2%%=*}}
if [ -e {repository}/offline ]; then
  echo "E: Failed to fetch $name, Could not resolve 'deb.example'" >&2
  exit 100
fi
cp {repository}/"$name"_*.deb .
'''


def build_package(repository: Path,
                  name: str,
                  files: dict[str, Path | bytes],
                  version: str = '1.0-1',
                  copyright_text: str = COPYRIGHT) -> Path:
    """Build a ``.deb`` with dpkg-deb."""
    root = repository / 'build' / name
    files = {
        f'usr/share/doc/{name}/copyright':
        copyright_text.encode(),
        'DEBIAN/control':
        (f'Package: {name}\nVersion: {version}\nArchitecture: all\n'
         'Maintainer: Nobody <nobody@example.org>\n'
         'Description: a test\n').encode(),
        **files
    }
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copy(content, target)
        else:
            target.write_bytes(content)
    # apt writes the colon of an epoch like this.
    deb = repository / f'{name}_{version.replace(":", "%3a")}_all.deb'
    subprocess.run(['dpkg-deb', '--build', '--root-owner-group', '-Znone',
                    str(root), str(deb)],
                   check=True, capture_output=True)  # yapf: disable
    shutil.rmtree(root)
    return deb


def install_apt(repository: Path, monkeypatch) -> None:
    """Put an apt first on the PATH that serves a folder of packages.

    It is without network while ``repository/offline`` exists; nothing is
    installed.
    """
    tools = repository / 'bin'
    tools.mkdir()
    for name, text in {
            'apt-cache': APT_CACHE,
            'apt-get': APT_GET,
            'dpkg-query': '#!/bin/sh\nexit 1\n'
    }.items():
        script = tools / name
        script.write_text(text.format(repository=repository))
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv('PATH', f'{tools}{os.pathsep}{os.environ["PATH"]}')


def photo(size: int = 256, seed: int = 0) -> np.ndarray:
    """Soft patches of color with the noise of a camera."""
    rng = np.random.default_rng(seed)
    patches = rng.uniform(20, 235, (8, 8, 3)).astype(np.float32)
    image = cv2.resize(patches, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.clip(image + rng.normal(0, 4, image.shape), 0,
                   255).astype(np.uint8)


def drawing() -> np.ndarray:
    """Many disks, each of one color."""
    rng = np.random.default_rng(0)
    image = np.full((256, 256, 3), 240, np.uint8)
    for _ in range(300):
        color = tuple(map(int, rng.integers(0, 255, 3)))
        cv2.circle(image, tuple(map(int, rng.integers(0, 256, 2))), 25, color,
                   -1)
    return image
