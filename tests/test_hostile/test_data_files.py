"""Files of data sets, as the check of the data meets them."""
from __future__ import annotations
import struct
import zlib

import numpy as np
import pytest
from harness import Case, params, tool
from hostile_data import (SHAPE, content, cut, dangling, encoded, fifo,
                          folder_at, ic13, made, mask, moved, noise,
                          overwritten, paired, picture, remove, scut, text,
                          textseg)
from PIL import Image


def check(*options: object):
    return tool('tools/check_dataset.py', 'data', '--workers', 1,
                '--no-duplicates', *options)


def huge_header(path: str):
    """A PNG that claims to be 60,000 x 60,000."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = struct.pack('>I', zlib.crc32(name + data))
        return struct.pack('>I', len(data)) + name + data + crc

    header = struct.pack('>IIBBBBB', 60000, 60000, 8, 2, 0, 0, 0)
    return content(
        path, b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) +
        chunk(b'IDAT', zlib.compress(b'')) + chunk(b'IEND', b''))


def turned(path: str):
    """A JPEG with an EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture(path, noise(), exif=exif)


IMAGE, LABEL, MASK = (f'data/test/{f}/0.png'
                      for f in ('image', 'label', 'mask'))
JPEG = 'data/test/image/0.jpg'
BIG = noise(3, (200, 200))
as_jpeg = made(scut, remove(IMAGE), picture(JPEG, noise()))
big_jpeg = made(scut, remove(IMAGE), picture(JPEG, BIG), picture(LABEL, BIG),
                picture(MASK, mask(0, BIG.shape[:2])))
unread = 'unreadable file .*'
NO_FILE = 'no regular file .a file is needed.*'
UNREAD = r'picture of a kind that is not read \(allowed: \.jpg.*'

IMAGES = [
    Case('a good data set', scut, check(), 'No problem found', 0),
    Case('an empty picture', made(scut, content(IMAGE, b'')), check(),
         unread + IMAGE),
    Case('text as a picture', made(scut, text(IMAGE, 'hello')), check(),
         unread + IMAGE),
    Case('a PNG that is cut off', made(scut, cut(IMAGE)), check(),
         unread + IMAGE),
    Case('a PNG damaged in its middle', made(scut, overwritten(IMAGE)),
         check(), unread + IMAGE),
    Case('a JPEG that is cut off', made(as_jpeg, cut(JPEG)), check(),
         unread + JPEG + '.*[Tt]runcated'),
    Case('a JPEG damaged in its middle', made(big_jpeg, overwritten(JPEG)),
         check(), 'damaged JPEG.*' + JPEG + ': Corrupt JPEG data'),
    Case('a JPEG of which 1,000 bytes are gone',
         made(big_jpeg, overwritten(JPEG, 1000)), check(), 'JPEG.*' + JPEG),
    Case(
        'a mask, a JPEG damaged in its middle',
        made(scut, remove(MASK),
             picture(MASK[:-3] + 'jpg', np.kron(mask(), np.ones((8, 8)))),
             picture(IMAGE, noise(3, (192, 256))),
             picture(LABEL, noise(3, (192, 256))),
             overwritten(MASK[:-3] + 'jpg', 300)), check(),
        'JPEG.*mask/0.jpg'),
    *(Case(f'{kind} named .png', made(scut, encoded(IMAGE, kind)), check(),
           unread + IMAGE + f'.*({says})')
      for kind, says in (('GIF', 'OpenCV.*cannot decode this GIF file'),
                         *((kind, 'its format is none of PNG, JPEG')
                           for kind in ('TGA', 'PCX', 'ICO', 'SGI', 'DDS')))),
    *(Case(f'{kind} named .png, which training reads',
           made(scut, encoded(IMAGE, kind)), check(), 'No problem', 0)
      for kind in ('JPEG', 'BMP', 'WEBP', 'TIFF', 'PPM')),
    Case('a picture that claims to be huge', made(scut, huge_header(IMAGE)),
         check(), unread + IMAGE + '.*Decompression'),
    Case(
        'a .gif pair beside',
        made(scut, picture('data/test/image/7.gif', noise()),
             picture('data/test/label/7.gif', noise())), check(),
        '2 x ' + UNREAD + 'image/7.gif'),
    *(Case(f'a .{suffix} beside',
           made(scut, content(f'data/test/image/7.{suffix}', b'x')), check(),
           UNREAD + f'7.{suffix}')
      for suffix in ('heic', 'jp2', 'tga', 'jfif')),
    Case('a readme beside',
         made(scut, text('data/test/image/readme.txt', 'hello')), check(),
         'No problem', 0),
    Case('capital endings', made(scut, moved(IMAGE, IMAGE[:-3] + 'PNG')),
         check(), 'No problem', 0),
    Case(
        'names with blanks and letters of others',
        made(
            scut,
            *(moved(f'data/test/{f}/0.png', f'data/test/{f}/über die 日本.png')
              for f in ('image', 'label', 'mask'))), check(), 'No problem', 0),
    Case('a pipe as a picture', made(scut, fifo(IMAGE)), check(),
         NO_FILE + IMAGE),
    Case('a pipe as a mask', made(scut, fifo(MASK)), check(), NO_FILE + MASK),
    Case(
        'a pipe as polygons',
        made(scut, folder_at('data/test/all_gts'),
             fifo('data/test/all_gts/0.txt')), check(), NO_FILE + '0.txt'),
    Case('a folder named as a picture',
         made(scut, folder_at('data/test/image/9.png')), check(),
         NO_FILE + 'image/9.png'),
    Case('a link to nothing', made(scut, dangling(IMAGE)), check(),
         NO_FILE + IMAGE),
    Case(
        'a link to a picture',
        made(scut, moved(IMAGE, 'data/elsewhere.png'), lambda folder:
             (folder / IMAGE).symlink_to('../../elsewhere.png')), check(),
        'No problem', 0),
    Case(
        'a link that leads in a circle',
        made(scut, remove(IMAGE), lambda folder:
             (folder / IMAGE).symlink_to('0.png')), check(), NO_FILE + IMAGE),
    Case('two pictures of one name',
         made(scut, picture('data/test/image/0.bmp', noise())), check(),
         'two files for one sample.*0.bmp'),
    Case('a target without an image', made(scut, remove(IMAGE)), check(),
         'target without an image.*' + LABEL),
    Case('an image without a target', made(scut, remove(LABEL)), check(),
         'image without a target.*' + IMAGE),
    Case('a target of another size',
         made(scut, picture(LABEL, noise(0, (25, 32)))), check(),
         'target of another size.*32x25.*32x24'),
    Case(
        'a picture of one pixel',
        made(
            scut,
            *(picture(path, array[:1, :1])
              for path, array in ((IMAGE, noise()),
                                  (LABEL, noise(1)), (MASK, mask(255))))),
        check(), 'too small for the scores of a test.*at least 11.*1x1'),
    Case(
        'a narrow picture',
        made(
            scut,
            *(picture(path, array[:, :5])
              for path, array in ((IMAGE, noise()), (LABEL, noise(1)),
                                  (MASK, mask())))), check(),
        'too small.*5x24'),
    Case(
        'a small picture to train',
        made(
            scut,
            *(picture(path.replace('test', 'train'), array[:8, :8])
              for path, array in ((IMAGE, noise()), (LABEL, noise(1)),
                                  (MASK, mask())))), check(), 'No problem', 0),
    Case('an EXIF orientation', made(scut, remove(IMAGE), turned(JPEG)),
         check(), 'EXIF orientation of 1 file.*is ignored.*' + JPEG, 0),
    Case('a gray picture', made(scut, picture(IMAGE,
                                              noise()[..., 0])), check(),
         'No problem', 0),
    Case(
        'a picture with transparency',
        made(scut,
             picture(IMAGE, np.concatenate([noise(), noise()[..., :1]], -1))),
        check(), 'No problem', 0),
]

TARGETS = [
    Case(
        'an inverted mask',
        made(
            scut,
            *(picture(f'data/{s}/mask/{i}.png', 255 - mask())
              for s in ('train', 'test') for i in (0, 1))), check(),
        'more text than background .are the values.*exchanged.*test data: '
        'text is 88% of the area'),
    Case('one page full of text', made(scut, picture(MASK, 255 - mask())),
         check(), 'No problem', 0),
    Case('a mask of other values', made(scut, picture(MASK,
                                                      mask() // 2)), check(),
         'illegal value in a mask .allowed: 0, 255.*' + MASK),
    Case('a mask of 0 and 1', made(scut, picture(MASK,
                                                 mask() // 255)), check(),
         'illegal value in a mask.*value.s. 1 in'),
    Case('a mask without text', made(scut, picture(MASK, np.full(SHAPE, 255))),
         check(), 'No problem', 0),
    Case(
        'a class map with another value',
        made(textseg,
             picture('data/semantic_label/a_maskfg.png', np.full(SHAPE, 7))),
        check(),
        'illegal value in a class map .allowed: 0, 100, 200, 255.*s. 7 in'),
    Case('a colored class map',
         made(textseg, picture('data/semantic_label/a_maskfg.png', noise())),
         check(), 'class map must be an 8-bit gray or palette image'),
    Case(
        'a class map of 16 bits',
        made(
            textseg,
            lambda folder: Image.fromarray(np.zeros(SHAPE, np.uint16)).save(
                folder / 'data/semantic_label/a_maskfg.png')), check(),
        'class map must be an 8-bit gray.*more bits'),
    Case(
        'a class map, all ignored',
        made(textseg,
             picture('data/semantic_label/a_maskfg.png', np.full(SHAPE, 255))),
        check(), 'No problem', 0),
    Case(
        'an inverted class map',
        made(paired,
             *(picture(f'data/label/{i}.png', mask(0)) for i in (0, 1))),
        check('--cfg-options', 'target_type=classes'),
        'more text than background'),
    Case(
        'boxes that cover most of a picture',
        made(
            ic13,
            *(text(f'data/{s}_gt/{i}.txt', '0,0,31,23,1\n')
              for s in ('train', 'test')
              for i in (0, 1))), check(), 'more text than background'),
]


def box_lines(name: str,
              lines: str,
              says: str = '',
              code: int = 1,
              encoding: str = 'utf-8') -> Case:
    path = 'data/test_gt/0.txt'
    return Case(name, made(ic13, text(path, lines, encoding)), check(), says
                or 'illegal line.*five integers.*0.txt, line 1', code)


def polygon_lines(name: str, lines: str, says: str, code: int = 1) -> Case:
    path = 'data/test/all_gts/0.txt'
    return Case(name, made(scut, text(path, lines)), check(), says, code)


def split_file(name: str, splits: str, says: str, code: int = 1) -> Case:
    return Case(name, made(textseg, text('data/split.json', splits)), check(),
                says, code)


FINE = 'No problem'
OBJECT = 'split.json must hold a JSON object'
ANNOTATIONS = [
    box_lines('a digit separator', '1_0,3,20,8,1'),
    box_lines('digits of another script', '١,3,20,8,1'),
    box_lines('digits of full width', '１,3,20,8,1'),
    box_lines('a fraction', '1.0,3,20,8,1'),
    box_lines('an exponent', '1e1,3,20,8,1'),
    box_lines('a hexadecimal number', '0x1,3,20,8,1'),
    box_lines('not a number', 'nan,3,20,8,1'),
    box_lines('four numbers', '1,3,20,8', '4 integers instead of 5'),
    box_lines('six numbers', '1,3,20,8,1,1', '6 integers instead of 5'),
    box_lines('semicolons', '1;3;20;8;1'),
    box_lines('an unknown label', '1,3,20,8,3', r'label 3 is none of \[1, 2'),
    box_lines('corners exchanged', '20,3,1,8,1', 'x1 <= x2'),
    box_lines('a box outside', '1,3,99,8,1', 'boxes outside of the image'),
    box_lines('a number of many digits', f'1,3,{"9" * 5000},8,1',
              'more than 7 digits'),
    box_lines('a box far outside', '1,3,20,8,1\n-900,3,20,8,1',
              'boxes outside.*line 2'),
    box_lines(
        'bytes that are no text', '1,3,20,8,1 \xff', '', encoding='latin-1'),
    box_lines('UTF-16', '1,3,20,8,1', encoding='utf-16'),
    box_lines('a byte order mark', '1,3,20,8,1', FINE, 0, 'utf-8-sig'),
    box_lines('blanks, empty lines, CRLF', ' 1 , 3,20,8, 1 \r\n\r\n', FINE, 0),
    box_lines('no box', '', FINE, 0),
    box_lines('a plus sign', '+1,3,20,8,1', FINE, 0),
    Case(
        'a picture as boxes',
        made(ic13, picture('data/x.png', noise()),
             moved('data/x.png', 'data/test_gt/0.txt')), check(),
        'illegal line'),
    Case('boxes without a picture', made(ic13, text('data/test_gt/7.txt', '')),
         check(), 'target without an image.*test_gt/7.txt'),
    polygon_lines('two points', '1,1,9,9', '4 integers instead of an even'),
    polygon_lines('half a point', '1,1,9,9,1,9,3', '7 integers instead'),
    polygon_lines('a polygon with a digit separator', '1,1,1_0,9,1,9',
                  'illegal line .allowed: x,y.*1_0'),
    polygon_lines('a polygon that would overflow', '1,1,99999999,9,1,9',
                  'more than 7 digits'),
    polygon_lines('a polygon outside', '1,1,9999999,9,1,9',
                  'polygons outside'),
    polygon_lines('polygons of a picture without text', '', FINE, 0),
    split_file('half-written JSON', '{"train": ["a"', OBJECT),
    split_file('an empty JSON file', '', OBJECT),
    split_file('a JSON list', '["a"]', OBJECT),
    split_file('null', 'null', OBJECT),
    split_file('a number for a split', '{"train": 3}', OBJECT),
    split_file('a number as a name', '{"train": [1]}', 'must list names'),
    split_file('a path as a name', '{"train": ["../../a"]}',
               'must list names of images without folder'),
    split_file('an id twice in a split',
               '{"train": ["a", "a"], "val": ["b"], "test": ["c"]}',
               r'id named more than once.*a \(2 times'),
    split_file('an id in two splits',
               '{"train": ["a"], "val": ["b"], "test": ["c", "a"]}',
               r"id named more than once.*in \['train', 'test'\]"),
    split_file('an id without a picture', '{"train": ["a", "z"]}',
               'missing image.*z.jpg'),
    split_file('nested beyond reason', '[' * 100000, OBJECT),
    split_file('a split more', '{"train": ["a"], "val": ["b"], "test": ["c"],'
               ' "extra": []}', FINE, 0),
    Case('a split file that is no UTF-8',
         made(textseg, content('data/split.json', b'\xff\xfe{')), check(),
         OBJECT),
]


@pytest.mark.parametrize('case', params(IMAGES))
def test_images(case, hostile):
    hostile(case)


@pytest.mark.parametrize('case', params(TARGETS))
def test_targets(case, hostile):
    hostile(case)


@pytest.mark.parametrize('case', params(ANNOTATIONS))
def test_annotations(case, hostile):
    hostile(case)


def test_least_side_is_that_of_the_scores():
    from upocr_mm.datasets.data_check import MIN_METRIC_SIDE
    from upocr_mm.evaluation.functional import structural_similarity
    assert MIN_METRIC_SIDE == structural_similarity.SSIM_MIN_SIZE
