from __future__ import annotations
from pathlib import Path
from typing import Sequence

from ..annotation_files import read_boxes
from ..base_paired_dataset import IMAGE_SUFFIXES
from ..data_check import Problem
from .converter import Converter, Plan, Sample, find_folder
from .raw_files import RawFile


class TamperedIC13Converter(Converter):
    """Tampered-IC13: found, checked and put into place.

    A download has ``{train,test}_img`` and ``{train,test}_gt``; the same is
    made of it.
    """

    counts = dict(train=229, test=233)
    layout = '{train,test}_img and {train,test}_gt, as folders or archives'

    def plan(self, files: Sequence[RawFile]) -> Plan:
        """Find the pairs of image and boxes."""
        plan = Plan([], [], {})
        for split in self.splits:
            images = find_folder(files, (f'{split}_img', ), IMAGE_SUFFIXES,
                                 plan.problems)
            boxes = find_folder(files, (f'{split}_gt', ), ('.txt', ),
                                plan.problems)
            for name in sorted({*images, *boxes}):
                if name not in images or name not in boxes:
                    there = images.get(name) or boxes[name]
                    folder = f'{split}_{"gt" if name in images else "img"}'
                    plan.problems.append(
                        Problem(
                            'incomplete sample (image and boxes are needed)',
                            f'{there.origin}: no {folder}/{name}.*'))
                    continue
                plan.samples.append(
                    Sample(
                        split, name, {
                            f'{split}_img/{name}{images[name].suffix}':
                            images[name],
                            f'{split}_gt/{name}.txt':
                            boxes[name]
                        }))
        return plan

    def finish(self, sample: Sample,
               paths: dict[str, Path]) -> tuple[dict, list[Problem]]:
        """Read the boxes, to check them."""
        image, gt = (str(paths[place]) for place in sample.files)
        boxes = read_boxes(gt, labels=(1, 2))
        problems = [
            Problem(
                'illegal line (allowed: five integers x1,y1,x2,y2,label, '
                'label 1 or 2)', error) for error in boxes.errors
        ]
        return dict(
            img_path=image,
            boxes=boxes.shapes,
            ann_path=gt,
            ann_lines=boxes.lines), problems
