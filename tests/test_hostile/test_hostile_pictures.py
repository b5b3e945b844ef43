"""Pictures that are odd, and results that would take the place of files."""
from __future__ import annotations
import io
import json
import multiprocessing
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from harness import ROOT, Case, params, tool
from PIL import EpsImagePlugin, Image

from upocr_mm.apis import read_pictures
from upocr_mm.apis.cli import main as upocr
from upocr_mm.apis.compositing import MAX_KERNEL, grow
from upocr_mm.apis.picture import UnreadableError
from upocr_mm.apis.saving import FORMATS, save_image
from upocr_mm.datasets.decoding import decode
from upocr_mm.synthesis.background_painter import _read_photo
from upocr_mm.utils import terminated_as_interrupted, written_whole
from upocr_mm.utils.written_whole import _remove_unfinished

GRAY = Image.new('RGB', (8, 8), 'gray')


def command(*words: object):
    """The command `upocr`."""
    return tool(lambda: upocr(sys.argv[1:]), *words)


def file(name: str, content: bytes | str):
    """Makes a file."""

    def make(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        raw = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(raw)

    return make


def several(*makers):
    """Makes several things."""

    def make(folder: Path) -> None:
        for maker in makers:
            maker(folder)

    return make


def encoded(kind: str = 'PNG', image: Image.Image = GRAY, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png(name: bytes, data: bytes) -> bytes:
    """A PNG file with one more chunk, before its pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (struct.pack('>I', len(data)) + name + data +
                struct.pack('>I', zlib.crc32(name + data)))

    rows = zlib.compress((b'\0' + bytes(24)) * 8)
    head = struct.pack('>IIBBBBB', 8, 8, 8, 2, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + b''.join(
        chunk(*one) for one in ((b'IHDR', head), (name, data), (b'IDAT', rows),
                                (b'IEND', b'')))


def exif(*entries: tuple[int, int, int, bytes]) -> bytes:
    """A JPEG file that is to be turned, with odd entries of EXIF."""
    turned = (0x112, 3, 1, b'\6\0\0\0')
    content = b''.join(
        struct.pack('<HHI', *entry[:3]) + entry[3]
        for entry in (*entries, turned))
    count = struct.pack('<H', len(entries) + 1)
    return encoded(
        'JPEG', exif=b'Exif\0\0II*\0\x08\0\0\0' + count + content + bytes(4))


BOMB = b'a\0\0' + zlib.compress(bytes(2**27))
EPS = (b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n'
       b'showpage\n%%EOF\n')
HUGE = 2**32 - 1
# What it is, the file, and what is said of it.
ODD = (
    ('EXIF of a wrong type', 'a.jpg', exif((0x100, 2, 4, b'abc\0')), 'int'),
    ('EXIF of bytes', 'a.jpg', exif((0x11a, 7, 4, b'abcd')), ''),
    ('packed text', 'a.png', png(b'zTXt', BOMB), 'too large'),
    ('packed profile', 'a.png', png(b'iCCP', BOMB), 'too large'),
    ('transparency', 'a.png', png(b'tRNS', b'\0'), 'none of PNG, JPEG'),
    ('EXIF of nothing', 'a.png', png(b'eXIf', b'\xff' * 5), ''),
    ('EPS as EPS', 'a.eps', EPS, 'none of PNG, JPEG, TIFF'),
    ('EPS as JPEG', 'a.jpg', EPS, 'none of PNG, JPEG, TIFF'),
    ('ICO as PNG', 'a.png', encoded('ICO'), 'none of PNG'),
    ('half a TIFF', 'a.tif', encoded('TIFF')[:100], 'none of'),
)


def read(name: str, folder: Path) -> None:
    """By every reader of pictures."""
    for reader in (decode, _read_photo):
        try:
            reader(str(folder / name))
        except (ValueError, OSError, SyntaxError):
            pass
    list(read_pictures(folder / name))


PICTURES = [
    Case(name, file(where, content), partial(read, where),
         f'{where} is damaged, cut off or not a picture: .*{says}',
         raises=UnreadableError)
    for name, where, content, says in ODD
] + [
    Case(f'{name}, in bytes', file(where, content), lambda folder, w=where:
         list(read_pictures((folder / w).read_bytes(), 'upload')),
         'upload is damaged', raises=UnreadableError)
    for name, where, content, says in ODD
]  # yapf: disable


@pytest.mark.parametrize('case', params(PICTURES))
def test_odd_pictures(case: Case, hostile, monkeypatch) -> None:
    """Each is refused with its name, and no other program is started."""

    def started(*args, **kwargs) -> None:
        raise AssertionError('Ghostscript')

    monkeypatch.setattr(EpsImagePlugin, 'Ghostscript', started)
    hostile(case)


def convert(content: bytes, suffix: str, folder: Path) -> None:
    picture, = read_pictures(content, 'a')
    image = picture.with_pixels(picture.rgb, None)
    save_image(image, folder / f'b{suffix}', picture)


def size(value: int) -> bytes:
    return png(b'pHYs', struct.pack('>IIB', value, value, 1))


LONG = encoded(image=Image.new('L', (1, 20000)))
LONGER = encoded(image=Image.new('L', (70000, 1)))
WRITTEN = [
    Case(f'resolution of {value} as {suffix}', lambda folder: None,
         partial(convert, size(value), suffix), leaves=('b.*', ))
    for value in (0, 1, HUGE) for suffix in FORMATS
] + [
    Case(f'{name} as {suffix}', lambda folder: None,
         partial(convert, content, suffix),
         fr'b\{suffix}: {kind} stores at most .* but the picture has',
         raises=ValueError)
    for name, content, suffix, kind in (('long', LONG, '.webp', 'WEBP'),
                                        ('longer', LONGER, '.jpg', 'JPEG'))
] + [
    Case('long as PNG', lambda folder: None,
         partial(convert, LONGER, '.png'), leaves=('b.png', )),
]  # yapf: disable


@pytest.mark.parametrize('case', params(WRITTEN))
def test_odd_pictures_are_written(case: Case, hostile) -> None:
    hostile(case)


A, B = file('a.png', encoded()), file('b.png', encoded())
OURS = json.dumps(dict(name='x', page=0)) + '\n'


def linked(link):
    """A folder `o` in which the result is the input itself."""

    def make(folder: Path) -> None:
        A(folder)
        (folder / 'o').mkdir()
        link(folder / 'a.png', folder / 'o/a.png')

    return make


def folder_link(folder: Path) -> None:
    several(A, file('a_text_mask.png', 'mine'))(folder)
    (folder / 'o').symlink_to('.')


INPUT = 'would be overwritten, but is an input'
THERE = 'is there already and would be replaced'
OVERWRITES = [
    Case(name, make, command(*words.split()), says, code=2)
    for name, make, words, says in (
        ('JSON of the user', several(A, file('a.json', '{}')),
         'all . -o .', f'a.json {THERE}'),
        ('mask of the user', several(A, file('a_text_mask.png', 'mine')),
         'all a.png -o .', f'a_text_mask.png {THERE}'),
        ('mask is an input', several(A, file('a_text_mask.png', encoded())),
         'all . -o .', f'a_text_mask.png {INPUT}'),
        ('suffix', several(A, file('a_clean.png', encoded())),
         'remove . -o . --suffix _clean', f'a_clean.png {INPUT}'),
        ('suffix, one picture', several(A, file('a_clean.png', encoded())),
         'remove a.png -o . --suffix _clean', f'a_clean.png {THERE}'),
        ('other format', several(file('a.jpg', encoded('JPEG')),
                                 file('a.png', 'mine')),
         'remove a.jpg -o .', f'a.png {THERE}'),
        ('in a subfolder', several(file('s/a.jpg', encoded('JPEG')),
                                   file('s/a.png', 'mine')),
         'remove s/*.jpg -o s', f's/a.png {THERE}'),
        ('itself', A, 'remove a.png -o a.png', INPUT),
        ('itself, by its folder', A, 'segment . -o .', INPUT),
        ('itself, another way', A, 'segment a.png -o ../case/./', INPUT),
        ('link in the results', linked(lambda a, b: b.symlink_to(a)),
         'remove a.png -o o', f'o/a.png {INPUT}'),
        ('hard link in the results', linked(os.link),
         'remove a.png -o o', f'o/a.png {INPUT}'),
        ('hard link, named', linked(os.link),
         'remove a.png -o o/a.png', f'o/a.png {INPUT}'),
        ('link to the folder', folder_link, 'all a.png -o o', THERE),
        ('another input', several(A, file('s/a.png', encoded())),
         'remove a.png -o s/a.png --mask s/a.png', INPUT),
        ('another shard', several(A, B), 'remove . -o b.png --shard 1/2',
         'is for one picture'),
        ('input of another shard', several(A, file('a_x.png', encoded())),
         'remove . -o . --suffix _x --shard 1/2', f'a_x.png {INPUT}'),
        ('JSON onto the input', A, 'segment a.png -o o --json a.png', INPUT),
        ('JSON onto another picture', several(A, B),
         'segment a.png -o o --json b.png', 'b.png holds something else'),
        ('JSON onto a text', several(A, file('x.txt', 'text')),
         'segment a.png -o o --json x.txt', 'x.txt holds something else'),
        ('JSON onto a folder', several(A, file('f/x', '')),
         'segment a.png -o o --json f', '--json f is a folder'),
        ('JSON into no folder', A, 'segment a.png -o o --json n/x',
         '--json n/x: the folder n does not exist'),
        ('JSON onto a result', A, 'all a.png -o o --json o/a.json',
         'a.json is a result of a.png, too'),
        ('large dilation', A, 'remove a.png --dilation 1000000',
         'dilation must be at most 1000, but got 1000000'),
        ('large feather', A, f'remove a.png --feather {10**300}',
         'feather must be at most 1000, but got 1000'),
        ('regions: a number', A, 'remove a.png --regions 3',
         'regions must be a list of boxes and polygons, but got 3'),
        ('regions: an object', A, 'remove a.png --regions {"a":1}',
         'regions must be a list'),
        ('keep: nothing', A, 'remove a.png --keep 0', 'keep must be a list'),
        ('regions: nested', A, 'remove a.png --regions ' + '[' * 99999,
         'nested too deeply'),
        ('regions: large', A, f'remove a.png --regions [[0,0,{10**400},5]]',
         'regions must hold boxes'),
        ('regions: infinite', A, 'remove a.png --regions [[0,0,1e999,5]]',
         'regions must hold boxes'),
        ('threshold: NaN', A, 'segment a.png --threshold nan',
         r'threshold must lie in \[0, 1\], but got nan'),
    )
]  # yapf: disable


@pytest.mark.parametrize('case', params(OVERWRITES))
def test_nothing_of_the_user_is_replaced(case: Case, hostile) -> None:
    """It is refused before a model is loaded."""
    # Folders for results are made before.
    hostile(Case(**{**vars(case), 'leaves': ('o', 'upocr_output')}))


@pytest.mark.parametrize('pixels', [MAX_KERNEL, MAX_KERNEL + 1, 300, 10**5])
def test_growth(pixels: int) -> None:
    """Large ones are computed by distances, and are nearly the same."""
    mask = np.zeros((100, 90), bool)
    assert not grow(mask, pixels).any()
    mask[50, 40] = True
    found = grow(mask, pixels)
    y, x = np.ogrid[:100, :90]
    wanted = (y - 50)**2 + (x - 40)**2 <= pixels**2
    assert (found != wanted).mean() < 0.02
    if pixels <= MAX_KERNEL:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE,
                                           (2 * pixels + 1, ) * 2)
        expected = cv2.dilate(mask.astype(np.uint8), kernel)
        assert np.array_equal(found, expected > 0)


def _hold(file: Path, ready) -> None:
    """Write a file, and never come to an end."""
    with written_whole(file) as folder:
        (folder / 'part').write_text('x')
        ready.set()
        time.sleep(100)


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """But not what another process writes, nor what looks alike."""
    context = multiprocessing.get_context('fork')
    killed, alive = [], []
    for group in killed, alive:
        ready = context.Event()
        process = context.Process(
            target=_hold, args=(tmp_path / 'a', ready), daemon=True)
        process.start()
        assert ready.wait(30)
        group += [process, *(set(tmp_path.iterdir()) - set(killed))]
    (tmp_path / '.upocr_mm-notes').mkdir()
    (tmp_path / '.upocr_mm-12345678').write_text('a file')
    killed[0].kill()
    killed[0].join()
    _remove_unfinished.cache_clear()
    try:
        with written_whole(tmp_path / 'a') as folder:
            (folder / 'a').write_text('new')
    finally:
        alive[0].kill()
        alive[0].join()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {
        'a', '.upocr_mm-notes', '.upocr_mm-12345678', alive[1].name
    }


def test_sigterm_is_an_interrupt(tmp_path: Path) -> None:
    """Of this process alone; its children end on it as always."""
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), terminated_as_interrupted():
        child = os.fork()
        if not child:
            time.sleep(30)
            os._exit(0)
        time.sleep(0.5)  # Python forgets signals until it has forked
        os.kill(child, signal.SIGTERM)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGTERM
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.slow
def test_a_run_that_is_terminated(tmp_path: Path) -> None:
    """The command cleans up, says so, and its exit code tells."""
    program = ('import sys, time, upocr_mm.apis.cli as cli;'
               'from upocr_mm.utils import written_whole\n'
               'def predict(args):\n'
               '    with written_whole(args.inputs[0]) as folder:\n'
               '        print("ready", flush=True); time.sleep(60)\n'
               'cli.predict = predict\n'
               'sys.exit(cli.main(["segment", sys.argv[1]]))')
    words = [sys.executable, '-c', program, str(tmp_path / 'a')]
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True)
    assert process.stdout.readline() == 'ready\n'
    process.terminate()
    _, error = process.communicate(timeout=60)
    assert process.returncode == 143
    assert error.endswith('upocr: interrupted; what is written is whole\n')
    assert not list(tmp_path.iterdir())
