# The nano size on synthetic samples that are made while it trains, for CPUs;
# it is tested on files (tools/synthesize_dataset.py). Without the feature
# loss, which needs the weights of VGG-16.
_base_ = './viteraser_swinv2-s_2xb8-52k_scut-enstext-512x512.py'
load, pack = _base_.test_pipeline[0], _base_.test_pipeline[2]
resize = dict(type='PairedResize', size=(128, 128))
model = dict(
    backbone=dict(arch='nano', init_cfg=None),
    decode_head=dict(arch='nano', init_cfg=None),
    # few, for so few steps
    discriminator=dict(channels=(32, 64, 128)),
    losses=dict(text_removal=dict(feature=None)))
train_dataloader = dict(
    batch_size=6,
    num_workers=1,
    dataset=dict(
        datasets=dict(
            text_removal=dict(
                _delete_=True,
                type='SyntheticTextDataset',
                task='text_removal',
                size=(128, 128),
                presets='simple')),
        pipeline=[resize, pack]))
test_dataloader = dict(
    num_workers=1,
    dataset=dict(
        pipeline=[load, resize, dict(type='LoadTargets'), pack]))
val_dataloader = test_dataloader
test_pipeline = [load, resize, pack]
tta_pipeline = [load, resize, _base_.tta_pipeline[-1]]
optim_wrapper = dict(
    generator=dict(
        optimizer=dict(lr=1e-3, betas=(0.9, 0.95)),
        clip_grad=dict(max_norm=1.0),
        paramwise_cfg=None),
    # With five layers, at 1e-4 and AdamW's usual betas it called everything
    # real from step 160 on, and stayed there.
    discriminator=dict(optimizer=dict(lr=2e-4, betas=(0.5, 0.9))))
param_scheduler = [
    dict(
        type='PeriodicLinearLR',
        period=10,
        end=800,
        warmup_periods=5,
        by_epoch=False)
]
train_cfg = dict(max_iters=800, val_interval=800)
default_hooks = dict(checkpoint=dict(interval=400))
load_from = '{{$UPOCR_WEIGHTS:weights}}/segmim_nano.pth'
