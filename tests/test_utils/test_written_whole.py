from __future__ import annotations
from pathlib import Path

import pytest

from upocr_mm.utils import written_whole


def test_files_appear_at_the_end(tmp_path: Path) -> None:
    file, beside = tmp_path / 'new' / 'a.xml', tmp_path / 'new' / 'a.bin'
    with written_whole(file, beside) as folder:
        (folder / 'a.xml').write_text('network')
        (folder / 'a.bin').write_text('weights')
        (folder / 'rest').write_text('')
        assert not file.exists() and not beside.exists()
    assert file.read_text() == 'network' and beside.read_text() == 'weights'
    assert sorted(file.parent.iterdir()) == [beside, file]


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt])
def test_an_interrupt_leaves_the_old_file(tmp_path: Path, error: type) -> None:
    file = tmp_path / 'a.onnx'
    file.write_text('old')
    with pytest.raises(error):
        with written_whole(file) as folder:
            (folder / 'a.onnx').write_text('half')
            raise error
    assert file.read_text() == 'old' and [*tmp_path.iterdir()] == [file]


def test_files_of_two_writings_are_never_together(tmp_path: Path,
                                                  monkeypatch) -> None:
    """Stopped between the two, the second file is missing, not old."""
    file, beside = tmp_path / 'a.xml', tmp_path / 'a.bin'
    file.write_text('old')
    beside.write_text('old')

    def replace(src: Path, dst: Path) -> None:
        Path(dst).write_bytes(Path(src).read_bytes())
        raise KeyboardInterrupt

    monkeypatch.setattr('os.replace', replace)
    with pytest.raises(KeyboardInterrupt):
        with written_whole(file, beside) as folder:
            (folder / 'a.xml').write_text('new')
            (folder / 'a.bin').write_text('new')
    assert not file.exists() and beside.read_text() == 'new'
