"""How owners of scene text data sets lay out images and word polygons."""
from __future__ import annotations
import json
import re
from pathlib import Path
from typing import Any, Callable, Iterable, NamedTuple

from .annotation_files import Annotations, read_polygons


class TextLayout(NamedTuple):
    """A layout of the files of a data set.

    Attributes:
        images: Folders of images.
        labels: Text file of an image, with ``{}`` for the name of the image
            without ending; without ``{}`` a file of all images.
        read: Reads the file: the polygons, or those of each image by its
            name without ending.
    """
    images: tuple[str, ...]
    labels: str
    read: Callable[[str], Annotations | dict[str, Annotations]]


def read_boxes(path: str) -> Annotations:
    """Lines ``x1 y1 x2 y2 "text"``, separated by blanks or commas (IC13)."""
    annotations = _read_numbers(path, 4)
    return annotations._replace(
        shapes=[[x1, y1, x2, y1, x2, y2, x1, y2]
                for x1, y1, x2, y2 in annotations.shapes])


def read_quadrilaterals(path: str) -> Annotations:
    """Lines ``x1,y1,...,x4,y4,text`` (IC15), with the script before the text
    (MLT17)."""
    return _read_numbers(path, 8)


def read_rects(path: str) -> Annotations:
    """A JSON file for each image: ``lines`` with ``points`` (ReCTS)."""
    lines = _load(path, dict).get('lines', [])
    return _polygons(path, (line.get('points') for line in lines))


def read_point_lists(path: str) -> dict[str, Annotations]:
    """A JSON file of all images: ``points`` by name (ArT, LSVT)."""
    return {
        name: _polygons(f'{path}, {name}', (word.get('points')
                                            for word in words))
        for name, words in _load(path, dict).items()
    }


def read_textocr(path: str) -> dict[str, Annotations]:
    """A JSON file of all images: ``imgs``, ``anns``, ``imgToAnns``
    (TextOCR)."""
    content = _load(path, dict)
    words, of_image = content.get('anns', {}), content.get('imgToAnns', {})
    return {
        Path(image['file_name']).stem:
        _polygons(f'{path}, {name}', (words[i].get('points')
                                      for i in of_image.get(name, [])))
        for name, image in content.get('imgs', {}).items()
    }


# Training sets, as their owners pack them.
LAYOUTS = dict(
    art=TextLayout(('train_images', ), 'train_labels.json', read_point_lists),
    ic13=TextLayout(('Challenge2_Training_Task12_Images', ),
                    'Challenge2_Training_Task1_GT/gt_{}.txt', read_boxes),
    ic15=TextLayout(('ch4_training_images', ),
                    'ch4_training_localization_transcription_gt/gt_{}.txt',
                    read_quadrilaterals),
    lsvt=TextLayout(('train_full_images_0', 'train_full_images_1'),
                    'train_full_labels.json', read_point_lists),
    mlt17=TextLayout(
        tuple(f'ch8_training_images_{i}' for i in range(1, 9)),
        'ch8_training_localization_transcription_gt_v2/gt_{}.txt',
        read_quadrilaterals),
    rects=TextLayout(('img', ), 'gt/{}.json', read_rects),
    textocr=TextLayout(('train_images', ), 'TextOCR_0.1_train.json',
                       read_textocr),
    folder=TextLayout(('image', ), 'polygons/{}.txt', read_polygons))


def _load(path: str, kind: type) -> Any:
    """A JSON file.

    Raises:
        ValueError: It is none, or holds something else.
    """
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8-sig'))
    except ValueError as error:
        raise ValueError(f'{path} is not a JSON file: {error}') from None
    if not isinstance(content, kind):
        raise ValueError(f'{path} must hold a {kind.__name__}, but holds a '
                         f'{type(content).__name__}')
    return content


def _read_numbers(path: str, count: int) -> Annotations:
    """The integers that each line begins with."""
    annotations = Annotations([], [], [])
    text = Path(path).read_text(encoding='utf-8-sig', errors='replace')
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        words = re.split(r'[,\s]+', line.strip())[:count]
        if len(words) == count and all(
                re.fullmatch(r'[+-]?\d+', word) for word in words):
            annotations.shapes.append(list(map(int, words)))
            annotations.lines.append(number)
        else:
            annotations.errors.append(
                f'{path}, line {number}: does not begin with {count} '
                f'integers: {line.strip()[:80]!r}')
    return annotations


def _polygons(place: str, polygons: Iterable[Any]) -> Annotations:
    """Polygons of a JSON file, as points or numbers, rounded."""
    annotations = Annotations([], [], [])
    for number, points in enumerate(polygons, 1):
        numbers = [
            value for point in (points if isinstance(points, list) else [])
            for value in (point if isinstance(point, list) else [point])
        ]
        if (len(numbers) < 6 or len(numbers) % 2
                or not all(isinstance(n, (int, float)) for n in numbers)):
            annotations.errors.append(
                f'{place}, polygon {number}: {len(numbers)} numbers instead '
                'of an even number of at least 6')
        else:
            annotations.shapes.append([round(n) for n in numbers])
            annotations.lines.append(number)
    return annotations
