# The nano size on synthetic samples that are made while it trains, for CPUs.
_base_ = './segmim-encoder_swinv2-s_4xb16-27k_seven-sets-512x512.py'
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
            text_removal=dict(
                type='SyntheticTextDataset',
                task='text_removal',
                size=(128, 128),
                presets='simple')),
        pipeline=[resize, _base_.pack]))
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(lr=3e-4, betas=(0.9, 0.95)),
    paramwise_cfg=dict(layer_decay_rate=0.9))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=40, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=2e-4,
        begin=40,
        end=400,
        by_epoch=False)
]
train_cfg = dict(max_iters=400)
load_from = '{{$UPOCR_WEIGHTS:weights}}/segmim_nano_stage1.pth'
default_hooks = dict(checkpoint=dict(interval=200))
