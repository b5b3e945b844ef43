import numpy as np
import pytest
from PIL import Image
from tiny_files import write_text

from upocr_mm.datasets.annotation_files import (draw_boxes, draw_polygons,
                                                read_boxes, read_class_values,
                                                read_polygons)


def test_read_boxes_takes_crlf_blank_lines_and_byte_order_mark(tmp_path):
    write_text(tmp_path / 'a.txt', '\ufeff1,2,3,4,1\r\n\r\n5, 6, 7, 8, 2')
    boxes = read_boxes(str(tmp_path / 'a.txt'), (1, 2))
    assert boxes.shapes == [[1, 2, 3, 4, 1], [5, 6, 7, 8, 2]]
    assert boxes.lines == [1, 3]
    assert boxes.errors == []


@pytest.mark.parametrize('line', [
    '1,2,3,4', '1,2,3,4,1,1', '1,2,3,4,x', '1,2,3.5,4,1', '1,2,3,4,3',
    '5,2,3,4,1', '1,5,3,4,1'
])
def test_read_boxes_names_file_line_and_content(tmp_path, line):
    path = tmp_path / 'a.txt'
    write_text(path, f'1,2,3,4,1\n{line}\n')
    boxes = read_boxes(str(path), (1, 2))
    assert boxes.shapes == [[1, 2, 3, 4, 1]]
    assert len(boxes.errors) == 1
    assert f'{path}, line 2' in boxes.errors[0]
    assert repr(line) in boxes.errors[0]


@pytest.mark.parametrize('line', ['1,1,2,2', '1,1,2,2,3,3,4', '1,1,2,2,3,a'])
def test_read_polygons_names_file_line_and_content(tmp_path, line):
    path = tmp_path / 'a.txt'
    write_text(path, line)
    polygons = read_polygons(str(path))
    assert polygons.shapes == []
    assert f'{path}, line 1' in polygons.errors[0]
    assert repr(line) in polygons.errors[0]


def test_boxes_have_inclusive_corners_and_later_ones_win():
    seg_map = draw_boxes([[1, 0, 3, 1, 1], [3, 1, 9, 9, 2]], (3, 5))
    assert seg_map.tolist() == [[0, 1, 1, 1, 0], [0, 1, 1, 2, 2],
                                [0, 0, 0, 2, 2]]


def test_a_box_beside_the_image_paints_nothing():
    assert not draw_boxes([[-5, -5, -1, -1, 1], [9, 9, 12, 12, 2]],
                          (3, 5)).any()


def test_overlapping_polygons_are_filled_as_a_union():
    square = [1, 1, 5, 1, 5, 5, 1, 5]
    mask = draw_polygons([square, [3, 3, 7, 3, 7, 7, 3, 7]], (9, 9))
    assert mask.sum() == 25 + 25 - 9
    assert set(np.unique(mask)) == {0, 1}


def test_polygon_of_five_points():
    mask = draw_polygons([[0, 0, 4, 0, 4, 4, 2, 6, 0, 4]], (8, 8))
    assert mask[6, 2] == 1 and mask[6, 1] == 0 and mask[6, 3] == 0
    assert mask[:5, :5].all() and not mask[:, 5:].any()


def test_class_values_of_palette_images_are_indices(tmp_path):
    values = np.array([[0, 1], [2, 1]], dtype=np.uint8)
    image = Image.fromarray(values).convert('P')
    image.putdata(values.ravel().tolist())
    image.putpalette([9, 9, 9, 200, 0, 0, 0, 200, 0])
    image.save(tmp_path / 'p.png')
    assert np.array_equal(read_class_values(tmp_path / 'p.png'), values)


def test_class_values_of_gray_saved_as_color(tmp_path):
    values = np.array([[0, 100], [255, 200]], dtype=np.uint8)
    Image.fromarray(np.stack([values] * 3, -1)).save(tmp_path / 'c.png')
    assert np.array_equal(read_class_values(tmp_path / 'c.png'), values)


def test_colored_class_map_is_refused(tmp_path):
    Image.new('RGB', (3, 3), (255, 0, 0)).save(tmp_path / 'c.png')
    with pytest.raises(ValueError, match='c.png.*gray or palette'):
        read_class_values(tmp_path / 'c.png')
