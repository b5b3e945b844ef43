from __future__ import annotations
from pathlib import Path
from typing import Sequence

from ...utils import open_picture
from ..annotation_files import draw_polygons, read_polygons, write_mask
from ..base_paired_dataset import IMAGE_SUFFIXES
from ..data_check import Problem
from .converter import Converter, Plan, Sample, find_folder, split_of
from .raw_files import RawFile


class SCUTEnsTextConverter(Converter):
    """SCUT-EnsText: from polygons to masks.

    A download has ``all_images``, ``all_labels`` and ``all_gts`` for each
    split, below a folder or in an archive with the split's name;
    ``{train,test}/{image,label,mask,all_gts}`` are made of it. In a mask
    (PNG) text is 0 and background 255.
    """

    counts = dict(train=2749, test=813)
    layout = ('{train,test}/{all_images,all_labels,all_gts}, as folders or '
              'archives')

    def plan(self, files: Sequence[RawFile]) -> Plan:
        """Find the triples of image, label and polygons."""
        plan = Plan([], [], {})
        for split in self.splits:
            # What does not say its split is of the only one asked for.
            taken = (split, None) if len(self.splits) == 1 else (split, )
            own = [f for f in files if split_of(f, self.counts) in taken]
            images, labels = (
                find_folder(own, names, IMAGE_SUFFIXES, plan.problems)
                for names in (('all_images', 'image'), ('all_labels',
                                                        'label')))
            polygons = find_folder(own, ('all_gts', ), ('.txt', ),
                                   plan.problems)
            folders = dict(image=images, label=labels, all_gts=polygons)
            for name in sorted({n for group in folders.values()
                                for n in group}):  # yapf: disable
                missing = [f for f, group in folders.items()
                           if name not in group]  # yapf: disable
                if missing:
                    there = next(group[name] for group in folders.values()
                                 if name in group)
                    plan.problems.append(
                        Problem(
                            'incomplete sample (image, label and polygons '
                            'are needed)', f'{there.origin}: no '
                            f'{" and no ".join(missing)} for {split}/{name}'))
                    continue
                plan.samples.append(
                    Sample(
                        split, name, {
                            f'{split}/{folder}/{name}{group[name].suffix}':
                            group[name]
                            for folder, group in folders.items()
                        }, (f'{split}/mask/{name}.png', )))
        return plan

    def finish(self, sample: Sample,
               paths: dict[str, Path]) -> tuple[dict, list[Problem]]:
        """Draw the mask."""
        image, label, gts = (paths[place] for place in sample.files)
        mask = paths[sample.drawn[0]]
        polygons = read_polygons(str(gts))
        problems = [
            Problem('illegal line (allowed: x,y,x,y,... in integers)', error)
            for error in polygons.errors
        ]
        try:
            with open_picture(image) as picture:
                size = picture.size
        except OSError:
            # The check of the image will say more.
            return dict(img_path=str(image)), problems
        write_mask(draw_polygons(polygons.shapes, size[::-1]), mask)
        info = dict(
            img_path=str(image),
            target_path=str(label),
            mask_path=str(mask),
            mask_text_value=0,
            polygons=polygons.shapes,
            ann_path=str(gts),
            ann_lines=polygons.lines)
        return info, problems
