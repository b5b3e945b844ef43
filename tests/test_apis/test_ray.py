from __future__ import annotations
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from upocr_mm.apis import UPOCRInferencer
from upocr_mm.apis.ray import RayPredictor


@pytest.fixture
def folder(photo: Path) -> Path:
    image = Image.open(photo)
    (photo.parent / 'sub').mkdir()
    image.rotate(180).save(photo.parent / 'sub' / 'turned.png')
    (photo.parent / 'bad.png').write_bytes(b'no picture')
    return photo.parent


@pytest.fixture
def arguments(tiny_model: tuple[Path, Path]) -> dict:
    config, weights = map(str, tiny_model)
    return dict(
        inferencer=dict(model=config, weights=weights, backend='torch'),
        images=['text_free'])


def test_columns(arguments: dict, folder: Path, photo: Path,
                 inferencer: UPOCRInferencer) -> None:
    stage = RayPredictor(**arguments)
    paths = np.array([str(photo), str(folder / 'bad.png')], dtype=object)
    content = np.array([Path(path).read_bytes() for path in paths], object)
    expected, = inferencer(photo)['predictions']
    for batch in (dict(path=paths), dict(bytes=content),
                  dict(path=paths, bytes=content)):
        found = stage(batch)
        assert set(found) == {*batch, 'summary', 'error', 'text_free'}
        assert found['error'][0] == '' and 'not a picture' in found['error'][1]
        image = Image.open(io.BytesIO(found['text_free'][0]))
        assert np.array_equal(np.asarray(image), expected['text_free'])
        summary, = json.loads(found['summary'][0])
        assert summary['text_regions'] == expected['text_regions']
        assert (found['summary'][1], found['text_free'][1]) == ('[]', b'')
    with pytest.raises(ValueError, match="'path' or 'bytes'.*'image'"):
        stage(dict(image=paths))


def test_two_workers(arguments: dict, folder: Path, tmp_path: Path) -> None:
    ray = pytest.importorskip('ray')
    import ray.data  # noqa: F811
    ray.init(
        num_cpus=3,  # two actors, and the reading
        include_dashboard=False,
        log_to_driver=False)
    try:
        arguments.update(root=str(folder), out_dir=str(tmp_path / 'out'))
        pictures = ray.data.read_binary_files(
            str(folder), include_paths=True, override_num_blocks=3)
        rows = pictures.map_batches(
            RayPredictor,
            fn_constructor_kwargs=arguments,
            batch_size=1,
            concurrency=2,
            num_cpus=1).take_all()
    finally:
        ray.shutdown()
    errors = {Path(row['path']).name: row['error'] for row in rows}
    assert errors.pop('bad.png')
    assert errors == {'photo.png': '', 'turned.png': ''}
    assert (tmp_path / 'out' / 'photo_text_free.png').is_file()
    assert (tmp_path / 'out' / 'sub' / 'turned_text_mask.png').is_file()
