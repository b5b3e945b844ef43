from __future__ import annotations
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmseg.registry import DATASETS, MODELS
from test_mim import mim
from test_mim import scores as scores_of
from test_mim import without_times
from tiny_run import PAIRED_RESIZE, tiny_cfg


def with_tta(cfg: Config) -> Config:
    """What `mim test ... --tta` makes of a configuration."""
    cfg.tta_pipeline[1] = PAIRED_RESIZE
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
    cfg.tta_model.module = cfg.model
    cfg.model = cfg.tta_model
    return cfg


def test_mean_of_both_directions(tmp_path: Path, drawn_data: Path) -> None:
    cfg = tiny_cfg(tmp_path, drawn_data)
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).eval()
    model.init_weights()
    plain = DATASETS.build(cfg.test_dataloader.dataset)
    cfg.tta_pipeline[1] = PAIRED_RESIZE
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
    flipped = DATASETS.build(cfg.test_dataloader.dataset)
    tta = MODELS.build(dict(type='UPOCRTTAModel', module=model))
    for index in (0, 4, 8):  # one of each task
        data = pseudo_collate([flipped[index]])
        with torch.no_grad():
            merged, = tta.test_step(data)
        sample = plain[index]
        inputs, targets = sample['inputs'], sample['data_samples']
        # by hand, at the original size
        pictures = []
        for axes in ((), (-1, )):
            batch = pseudo_collate(
                [dict(inputs=inputs.flip(axes), data_samples=targets.clone())])
            with torch.no_grad():
                result, = model.test_step(batch)
            pictures.append(result.pred_image.data.flip(axes))
        mean = torch.stack(pictures).mean(0)
        torch.testing.assert_close(merged.pred_image.data, mean)
        assert not torch.equal(pictures[0], pictures[1])
        classes = model.codecs[merged.task].decode(mean)
        if classes is not None:
            assert torch.equal(merged.pred_sem_seg.data, classes)
        # The targets are not flipped.
        for name in ('gt_image', 'gt_sem_seg'):
            if name in targets:
                found, known = merged.get(name).data, targets.get(name).data
                if name == 'gt_image':
                    known = known.flip(0).float() / 255
                assert torch.equal(found, known)


def test_scores_with_a_checkpoint(tmp_path: Path, drawn_data: Path) -> None:
    """The checkpoint of the model fits; reports and checks work as well."""
    cfg = tiny_cfg(tmp_path / 'train', drawn_data, iters=1)
    Runner.from_cfg(cfg).train()
    file = tmp_path / 'tta.py'
    cfg = tiny_cfg(tmp_path / 'test', drawn_data)
    cfg.tta_pipeline[1] = PAIRED_RESIZE
    cfg.pop('work_dir')
    cfg.dump(file)
    found = []
    for name, option in (('plain', ()), ('tta', ('--tta', ))):
        folder = tmp_path / name
        mim('test', 'mmsegmentation', file, '--checkpoint',
            tmp_path / 'train' / 'iter_1.pth', '--work-dir', folder, *option)
        found.append(without_times(scores_of(folder)))
        assert list(folder.glob('*/worst.png'))
    assert found[0].keys() == found[1].keys()
    assert found[0]['text_removal/PSNR'] != found[1]['text_removal/PSNR']
