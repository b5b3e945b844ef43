from __future__ import annotations

import numpy as np
import torch

from upocr_mm.visualization.panels import (draw_error, draw_panel, draw_sheet,
                                           find_palette, paint_classes,
                                           to_uint8)


def test_red_stays_red() -> None:
    image = torch.zeros(3, 2, 2)
    image[0] = 1.2
    assert to_uint8(image)[1, 1].tolist() == [255, 0, 0]
    assert to_uint8(torch.full((3, 1, 1), 0.5))[0, 0].tolist() == [128] * 3


def test_classes_are_painted() -> None:
    classes = np.array([[0, 1, 2, 255]])
    palette = [(0, 0, 255), (0, 255, 0), (255, 0, 0)]
    assert paint_classes(classes, palette)[0].tolist() == [[0, 0, 255],
                                                           [0, 255, 0],
                                                           [255, 0, 0],
                                                           [128, 128, 128]]


def test_places_in_a_panel() -> None:
    first = np.zeros((10, 20, 3), np.uint8)
    other = np.full((5, 10, 3), 7, np.uint8)  # brought to the first's size
    panel = draw_panel([first, None, other])
    assert panel.shape == (10, 3 * 20 + 2 * 4, 3)
    assert (panel[:, :20] == 0).all()
    assert (panel[:, 20:48] == 255).all()
    assert (panel[:, 48:] == 7).all()


def test_sheet_holds_all_rows() -> None:
    panels = [np.full((10, 30, 3), value, np.uint8) for value in (3, 200)]
    sheet = draw_sheet([('one', panels[0]), ('two', panels[1])], height=20)
    assert sheet.shape == (2 * (20 + 20), 60, 3)
    assert (sheet[20:40] == 3).all()
    assert (sheet[60:80] == 200).all()
    assert (sheet[:20] < 100).any(), 'a caption is written'


def test_targets_have_the_colors_of_the_model() -> None:
    """Not those of the data set, if the weights predict others."""
    metainfo = dict(tasks=dict(a=dict(palette=[1]), b=dict(palette=[2]), c={}))

    class Model(torch.nn.Module):
        task_meta = dict(palettes=dict(a=[3]))

    assert find_palette(Model(), metainfo, 'a') == [3]
    assert find_palette(Model(), metainfo, 'b') == [2]
    assert find_palette(Model(), metainfo, 'c') is None
    assert find_palette(torch.nn.Identity(), dict(palette=[4]), None) == [4]


def test_errors_are_bright() -> None:
    target = np.full((1, 3, 3), 100, np.uint8)
    prediction = target.copy()
    prediction[0, 1] += 20
    prediction[0, 2] += 100
    error = draw_error(prediction, target)[0].astype(int)
    assert error[0].sum() == 0 and (error[2] == 255).all()
    assert error[1][0] > error[1][2], 'weak errors are red'
