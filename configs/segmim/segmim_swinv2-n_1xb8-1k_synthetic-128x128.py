# The nano size on synthetic samples that are made while it trains, for CPUs.
_base_ = './segmim_swinv2-s_4xb16-134k_seven-sets-512x512.py'
model = dict(
    backbone=dict(arch='nano', drop_path_rate=0., init_cfg=None),
    decode_head=dict(arch='nano', drop_path_rate=0., init_cfg=None))
resize = dict(type='PairedResize', size=(128, 128))
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    dataset=dict(
        datasets=dict(
            text_localization=None,
            # Text removal has polygons; its pictures without text stay unused.
            text_removal=dict(
                type='SyntheticTextDataset',
                task='text_removal',
                size=(128, 128),
                presets='simple')),
        pipeline=[resize, _base_.mask, _base_.pack]))
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(lr=3e-4, betas=(0.9, 0.95)))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=50, by_epoch=False),
    dict(type='MultiStepLR', milestones=[800], gamma=0.1, by_epoch=False)
]
train_cfg = dict(max_iters=1000)
default_hooks = dict(checkpoint=dict(interval=200))
