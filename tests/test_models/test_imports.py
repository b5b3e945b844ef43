"""Who may import whom inside the package."""
from __future__ import annotations
import ast
from pathlib import Path

import pytest

import upocr_mm

PACKAGE = Path(upocr_mm.__file__).parent
# What each part may import besides itself; each only parts above it, so that
# there are no circles.
COMMON = {'dependencies', 'utils', 'version'}
ALLOWED = dict(
    utils=set(),
    models=set(),
    checkpoint={'models'},
    deploy={'checkpoint', 'models'},
    apis={'checkpoint', 'deploy', 'engine', 'models'},
    synthesis=set(),
    datasets={'synthesis'},
    evaluation={'checkpoint'},
    visualization={'evaluation', 'checkpoint'},
    engine={'evaluation', 'checkpoint', 'datasets', 'visualization'})


def imported_parts(file: Path) -> set[str]:
    """Parts of the package, and ``tools``, that a file imports."""
    place = ('upocr_mm', *file.relative_to(PACKAGE).parts[:-1])
    names = []
    for node in ast.walk(ast.parse(file.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = place[:len(place) + 1 - node.level] if node.level else ()
            base = '.'.join((*base, *([node.module] if node.module else [])))
            names += [f'{base}.{alias.name}' for alias in node.names]
    parts = {tuple(name.split('.')) for name in names}
    return {
        name[1] if name[0] == 'upocr_mm' else name[0]
        for name in parts
        if name[0] == 'tools' or name[0] == 'upocr_mm' and len(name) > 1
    }


def test_reading_of_imports(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(f'{__name__}.PACKAGE', tmp_path)
    (tmp_path / 'models' / 'layers').mkdir(parents=True)
    file = tmp_path / 'models' / 'layers' / 'a.py'
    file.write_text('import torch, upocr_mm.apis\n'
                    'from ... import engine\n'
                    'from ...deploy.session import x\n'
                    'from . import b\n'
                    'from ..losses import c\n'
                    'def f():\n'
                    '    import tools.train\n'
                    '    from upocr_mm import datasets\n')
    assert imported_parts(file) == {
        'apis', 'engine', 'deploy', 'models', 'tools', 'datasets'
    }


@pytest.mark.parametrize('part', sorted(ALLOWED))
def test_imports_between_the_parts(part: str) -> None:
    allowed = {part} | ALLOWED[part] | COMMON
    files = [*(PACKAGE / part).rglob('*.py')]
    assert files
    for file in files:
        assert imported_parts(file) <= allowed, file
