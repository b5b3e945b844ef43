"""The page in a real browser, without any network but this machine's."""
from __future__ import annotations
import io
import shutil
import zipfile
from pathlib import Path
from typing import Iterator

import numpy as np
import pytest
from PIL import Image
from tiny_run import equal_but_for_rounding

from upocr_mm.apis import UPOCRInferencer

pytest.importorskip('gradio')
sync_api = pytest.importorskip('playwright.sync_api')
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')


@pytest.fixture(scope='module')
def browser() -> Iterator:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f'no browser is installed ({", ".join(BROWSERS)})')
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=['--no-sandbox'])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, server) -> Iterator:
    """The page; requests to anywhere else are refused and noted."""
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    page.elsewhere, page.problems = [], []

    def route(call) -> None:
        if call.request.url.startswith((server.address, 'data:', 'blob:')):
            call.continue_()
        else:
            page.elsewhere.append(call.request.url)
            call.abort()

    context.route('**/*', route)
    page.on('pageerror', lambda error: page.problems.append(str(error)))
    page.goto(server.address)
    page.get_by_role('tab', name='Batch').wait_for()
    yield page
    assert not page.problems
    assert not page.elsewhere
    context.close()


def download(page, selector: str) -> bytes:
    page.wait_for_selector(f'{selector}:not([disabled])', timeout=60_000)
    with page.expect_download() as waiting:
        page.click(selector)
    return Path(waiting.value.path()).read_bytes()


def test_one_picture(page, photo: Path, inferencer: UPOCRInferencer) -> None:
    page.set_input_files('#picture input[type=file]', photo)
    page.click('#run')
    page.get_by_text('of the picture changed').wait_for(timeout=60_000)
    content = download(page, '#clean')
    found = np.asarray(Image.open(io.BytesIO(content)))
    expected, = inferencer(photo)['predictions']
    # Threads may round differently.
    assert equal_but_for_rounding(found, expected['text_free'])


def test_tasks_and_archive(page, photo: Path) -> None:
    page.set_input_files('#picture input[type=file]', photo)
    page.get_by_label('Text removal').first.uncheck()
    page.click('#run')
    page.get_by_text('of text;').wait_for(timeout=60_000)
    assert page.is_disabled('#clean')
    with zipfile.ZipFile(io.BytesIO(download(page, '#everything'))) as archive:
        assert sorted(archive.namelist()) == [
            'photo.json', 'photo_classes.png', 'photo_strokes.png',
            'photo_tampered.jpg', 'photo_text_mask.png'
        ]


@pytest.mark.parametrize('choice',
                         ['Keep the text there', 'Remove text only there'])
def test_painted_region(page, photo: Path, choice: str,
                        inferencer: UPOCRInferencer) -> None:
    """A stroke over the left half of the picture."""
    page.set_input_files('#picture input[type=file]', photo)
    page.get_by_text('Only a part of the picture').click()
    page.get_by_label(choice).check()
    canvas = page.locator('#paint canvas').first
    canvas.wait_for(timeout=60_000)
    # The editor has a color when it shows the picture.
    page.wait_for_selector('#paint [aria-label=Color]', timeout=60_000)
    canvas.scroll_into_view_if_needed()
    original = np.asarray(Image.open(photo))
    whole, = inferencer(photo)['predictions']
    painted = np.zeros((60, 90), bool)
    painted[5:55, 15:67] = True
    # The editor tells nobody when it has taken a stroke: a busy machine may
    # need another one.
    for _ in range(5):
        _stroke(page, canvas)
        page.click('#run')
        page.get_by_text('of the picture changed').wait_for(timeout=60_000)
        found = np.asarray(Image.open(io.BytesIO(download(page, '#clean'))))
        changed = (found != original).any(2)
        expected = changed & (painted == choice.endswith('only there'))
        # The brush is round; its corners and the blending are left open.
        if changed.any() and expected.sum() > 0.8 * changed.sum():
            break
        page.wait_for_timeout(2000)
    else:
        pytest.fail('what is painted has no effect')
    assert not changed[~whole['removal_mask']].any()


def _stroke(page, canvas) -> None:
    """Paint over the middle of the picture, which is that of the canvas."""
    box = canvas.bounding_box()
    x, y = box['x'] + box['width'] / 2, box['y'] + box['height'] / 2
    page.mouse.move(x - 10, y)
    page.mouse.down()
    page.mouse.move(x - 30, y, steps=5)
    page.mouse.up()
    page.wait_for_timeout(500)


def test_batch(page, photo: Path) -> None:
    bad = photo.with_name('bad.png')
    bad.write_bytes(b'no picture')
    twin = photo.with_suffix('.jpg')
    Image.open(photo).save(twin)
    page.get_by_role('tab', name='Batch').click()
    page.set_input_files('#files input[type=file]', [photo, bad, twin])
    page.click('#run_all')
    page.wait_for_selector(
        'text=not a picture >> visible=true', timeout=60_000)
    content = download(page, '#batch_archive')
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
    assert {'photo.png_text_free.png', 'photo.jpg_text_free.png'} <= {*names}
    assert len(names) == len(set(names)) == 14


def test_errors_are_sentences(page, photo: Path) -> None:
    page.click('#run')
    page.get_by_text('choose a picture first').wait_for(timeout=30_000)
    bad = photo.with_name('bad.png')
    bad.write_bytes(b'no picture')
    page.set_input_files('#picture input[type=file]', bad)
    page.get_by_text('not a picture').first.wait_for(timeout=30_000)
