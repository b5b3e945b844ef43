# The nano size on synthetic samples that the workers make while it trains,
# none of them twice; it is tested on files. `font_dir` and `background_dir` of
# SyntheticTextDataset name the folders of tools/synthesis_assets.
_base_ = './upocr_swinv2-n_1xb6-600_synthetic-128x128.py'
train_dataloader = dict(
    num_workers=1,
    dataset=dict(
        datasets={
            task:
            dict(
                _delete_=True,
                type='SyntheticTextDataset',
                task=task,
                size=(128, 128))
            for task in ('text_removal', 'text_segmentation',
                         'tampered_text_detection')
        }))
param_scheduler = [
    dict(
        type='PeriodicLinearLR',
        period=10,
        end=3000,
        warmup_periods=5,
        by_epoch=False)
]
train_cfg = dict(max_iters=3000, val_interval=1500)
default_hooks = dict(checkpoint=dict(interval=500))
