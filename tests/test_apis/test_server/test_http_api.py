from __future__ import annotations
import http.client
import io
import json
import re
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from tiny_run import equal_but_for_rounding

from upocr_mm.apis import UPOCRInferencer
from upocr_mm.apis.interpreting import TAMPERING

fastapi = pytest.importorskip('gradio')
from fastapi.testclient import TestClient  # noqa: E402

from upocr_mm.apis import server as web  # noqa: E402
from upocr_mm.apis.server.http_api import _name_of  # noqa: E402

MAX_BYTES, MAX_PIXELS = 200_000, 100_000


@pytest.fixture(scope='module')
def service(inferencer: UPOCRInferencer) -> web.PredictionService:
    return web.PredictionService(inferencer, MAX_PIXELS)


@pytest.fixture(scope='module')
def client(service: web.PredictionService) -> TestClient:
    return TestClient(
        web.create_app(service, MAX_BYTES), raise_server_exceptions=False)


def post(client: TestClient, route: str, picture, **fields):
    content = picture.read_bytes() if isinstance(picture, Path) else picture
    files = {'image': ('ä b.png', content)}
    files.update({k: fields.pop(k) for k in ('mask_image', ) if k in fields})
    return client.post(f'/v1/{route}', files=files, data=fields)


def pixels(answer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def png(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, 'PNG')
    return stream.getvalue()


def test_pictures(client: TestClient, photo: Path,
                  inferencer: UPOCRInferencer) -> None:
    expected, = inferencer(photo)['predictions']
    answer = post(client, 'remove', photo)
    assert answer.status_code == 200
    assert answer.headers['content-type'] == 'image/png'
    assert "utf-8''%c3%a4%20b.png" in answer.headers[
        'content-disposition'].lower()
    # Threads may round differently.
    assert equal_but_for_rounding(pixels(answer), expected['text_free'])
    mask = pixels(post(client, 'segment', photo))
    assert ((mask > 0) == expected['text_mask']).mean() > 0.999
    assert pixels(post(client, 'detect', photo)).shape == (60, 90, 3)
    jpeg = post(client, 'remove', photo, format='jpg', quality=50)
    assert Image.open(io.BytesIO(jpeg.content)).format == 'JPEG'


def test_json(client: TestClient, photo: Path,
              inferencer: UPOCRInferencer) -> None:
    expected, = inferencer(photo)['predictions']
    answer = post(client, 'segment', photo, answer='json').json()
    page, = answer['pages']
    boxes = [region['box'] for region in page['text_regions']]
    assert boxes == [region['box'] for region in expected['text_regions']]
    assert page['name'] == 'ä b.png' and page['width'] == 90


def test_everything(client: TestClient, photo: Path) -> None:
    answer = post(client, 'all', photo)
    assert answer.headers['content-type'] == 'application/zip'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert 'ä b_text_free.png' in archive.namelist()
        assert len(archive.namelist()) == 7
        assert 'tampered_score' in json.loads(archive.read('ä b.json'))


def test_options_reach_the_model(client: TestClient, photo: Path) -> None:
    before = np.asarray(Image.open(photo))
    mask = np.zeros((60, 90), np.uint8)
    mask[:30] = 255
    fields = dict(
        keep='[[0, 0, 44, 59]]',
        feather='0',
        mask_image=('mask.png', png(mask)))
    changed = (pixels(post(client, 'remove', photo, **fields))
               != before).any(2)
    assert changed[:30, 45:].mean() > 0.9
    assert not changed[30:].any() and not changed[:, :45].any()
    whole = pixels(post(client, 'remove', photo, composite='none'))
    assert (whole != before).any(2).mean() > 0.9
    mean = pixels(post(client, 'remove', photo, composite='none', tta='true'))
    assert (mean != whole).any()


def test_pages(client: TestClient) -> None:
    frames = [
        Image.fromarray(np.full((40, 30), gray, np.uint8))
        for gray in (50, 200)
    ]
    stream = io.BytesIO()
    frames[0].save(stream, 'TIFF', save_all=True, append_images=frames[1:])
    content = stream.getvalue()
    answer = post(client, 'segment', content, answer='json').json()
    assert [page['page'] for page in answer['pages']] == [0, 1]
    fields = dict(mask='regions', regions='[[0, 0, 1, 1]]')
    for page in (1, 2):
        found = pixels(post(client, 'remove', content, page=page, **fields))
        assert (found[5:] == (50, 200)[page - 1]).all()
    answer = post(client, 'remove', content, page=3)
    assert answer.status_code == 422
    assert 'page must be at most 2' in answer.json()['detail']


@pytest.mark.parametrize('content, code, message', [
    (b'no picture', 415, 'not a picture'),
    (b'', 415, 'is empty'),
    (b'\x89PNG\r\n\x1a\n' + b'\0' * 50, 415, 'damaged, cut off'),
    (png(np.zeros((400, 400), np.uint8)), 413, '400 x 400 pixels.*100000'),
    (bytes(MAX_BYTES + 2**20 + 1), 413, 'larger than'),
    (b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n', 415, 'none of PNG'),
    (png(np.zeros(
        (4, 4), np.uint8)).replace(b'IDAT', b'IDOT'), 415, 'damaged'),
])
def test_bad_pictures(client: TestClient, content: bytes, code: int,
                      message: str) -> None:
    for route in ('remove', 'segment', 'detect', 'all'):
        answer = post(client, route, content)
        assert answer.status_code == code
        assert re.search(message, answer.json()['detail'])


@pytest.mark.parametrize('fields, message', [
    (dict(sizing='huge'), "sizing: .*'auto', 'resize' or 'tile'"),
    (dict(threshold='2'), 'threshold must lie in'),
    (dict(regions='[[1, 2]]'), 'regions must hold boxes'),
    (dict(regions='{'), 'regions must be JSON'),
    (dict(keep='3'), 'keep must be a list'),
    (dict(keep='0'), 'keep must be a list'),
    (dict(regions='[' * 100000), 'regions must be JSON, but it is nested'),
    (dict(regions='[' * 900 + ']' * 900), 'regions must hold boxes'),
    (dict(regions='[' * 3000 + ']' * 3000), 'regions must'),
    (dict(regions=f'[[0, 0, {10**400}, 5]]'), 'regions must hold boxes'),
    (dict(regions='[[0, 0, NaN, 5]]'), 'regions must hold boxes'),
    (dict(threshold='nan'), r'threshold must lie in \[0, 1\], but got nan'),
    (dict(dilation='1000000'), 'dilation must be at most 1000'),
    (dict(feather='1001'), 'feather must be at most 1000, but got 1001'),
    (dict(dilation=['1', '2']), 'dilation must be given once, but got 2'),
    (dict(mask_image=(None, 'text')), 'mask_image must be a file'),
    (dict(dilation='-1'), 'dilation must be an integer of at least 0'),
    (dict(quality='101'), 'quality: .*100'),
    (dict(answer='xml'), 'answer: '),
    (dict(mask='regions'), "mask='regions' needs regions"),
    (dict(colour='red'), "no field 'colour'; allowed are .*'preset'"),
    (dict(mask_image=('m.png', png(np.zeros((2, 2), np.uint8)))), 'its size'),
])
def test_bad_options(client: TestClient, photo: Path, fields: dict,
                     message: str) -> None:
    answer = post(client, 'remove', photo, **dict(fields))
    assert answer.status_code == 422
    assert re.search(message, answer.json()['detail'])


@pytest.mark.parametrize('name, shorter', [
    ('../../etc/passwd', 'passwd'),
    ('..\\..\\a.png', 'a.png'),
    ('..', 'picture'),
    ('a\x00\u202eb.png', 'a__b.png'),
    ('x' * 300 + '.png', 'x' * 150 + '.png'),
    ('ä' * 300, 'ä' * 75),
    ('a.' + 'b' * 300, 'a.' + 'b' * 148),
    ('\ud800.png', '_.png'),
])
def test_names_of_uploads(name: str, shorter: str) -> None:
    """Results can be stored under them."""
    found = _name_of(SimpleNamespace(filename=name))
    assert Path(found).name == found and len(found.encode()) <= 200
    assert found == shorter


def test_a_long_name(client: TestClient, photo: Path) -> None:
    files = dict(image=('x' * 300 + '.png', photo.read_bytes()))
    answer = client.post('/v1/all', files=files)
    assert answer.status_code == 200


def test_requests_without_a_picture(client: TestClient) -> None:
    answer = client.post('/v1/remove')
    assert answer.status_code == 422 and 'image' in answer.json()['detail']
    assert client.get('/v1/remove').status_code == 405
    assert client.get('/v1/nothing').status_code == 404


def test_a_model_without_the_task(client: TestClient, photo: Path, service,
                                  monkeypatch) -> None:
    tasks = tuple(t for t in service.inferencer.tasks if t != TAMPERING)
    monkeypatch.setattr(service.inferencer.predictor, 'tasks', tasks)
    answer = post(client, 'detect', photo)
    assert answer.status_code == 404
    assert TAMPERING in answer.json()['detail']


def test_description(client: TestClient) -> None:
    description = client.get('/openapi.json').json()
    assert {'/v1/remove', '/v1/segment', '/v1/detect', '/v1/all',
            '/v1/info'} == set(description['paths'])
    info = client.get('/v1/info').json()
    assert info['max_pixels'] == MAX_PIXELS and len(info['tasks']) == 3


def test_an_upload_without_its_length(server) -> None:
    """It is refused while it arrives."""
    connection = http.client.HTTPConnection(
        urlsplit(server.address).netloc, timeout=30)
    head = (b'--x\r\nContent-Disposition: form-data; name="image"; '
            b'filename="a.png"\r\n\r\n')

    def body():
        yield head
        for _ in range(40):
            yield bytes(2**16)

    connection.request(
        'POST',
        '/v1/remove',
        body(), {'Content-Type': 'multipart/form-data; boundary=x'},
        encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 413
    assert 'larger than' in json.loads(answer.read())['detail']


def test_a_full_disk(client: TestClient, photo: Path, monkeypatch) -> None:

    def full(*args) -> None:
        raise OSError(28, 'No space left on device', '/secret/a.png')

    monkeypatch.setattr('upocr_mm.apis.server.http_api.results_archive', full)
    answer = post(client, 'all', photo)
    assert answer.status_code == 507
    assert 'No space left' in answer.json()['detail']
    assert '/secret' not in answer.text  # no path of the server


def test_queue(inferencer: UPOCRInferencer, photo: Path, monkeypatch) -> None:
    """One after the other; more than may wait are refused."""
    service = web.PredictionService(inferencer, max_waiting=1)
    client = TestClient(
        web.create_app(service, MAX_BYTES), raise_server_exceptions=False)
    entered, go_on, running = threading.Event(), threading.Event(), []
    predict = inferencer.predict

    def slow(*args, **options):
        running.append(None)
        assert len(running) == 1
        entered.set()
        assert go_on.wait(30)
        running.pop()
        return predict(*args, **options)

    monkeypatch.setattr(inferencer, 'predict', slow)
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda: codes.append(
            post(client, 'segment', photo).status_code)) for _ in range(2)
    ]
    threads[0].start()
    assert entered.wait(30)
    threads[1].start()
    while service.waiting < 2:
        pass
    refused = post(client, 'segment', photo)
    assert refused.status_code == 503 and refused.headers['retry-after']
    assert 'try again' in refused.json()['detail']
    with pytest.raises(web.BusyError):
        service.predict(photo, 'photo')
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert codes == [200, 200] and service.waiting == 0
