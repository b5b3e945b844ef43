# ViTEraser-Small: 300 epochs of 172 steps on two GPUs of 8 samples, without
# mixed precision. It starts from SegMIM-Small, its own checkpoint or that of
# the authors (tools/model_converters/upocr2mm.py).
_base_ = [
    '../_base_/models/viteraser_swinv2.py',
    '../_base_/datasets/joint_512x512.py', '../_base_/default_runtime.py'
]
off = dict(text_segmentation=None, tampered_text_detection=None)
train_dataloader = dict(batch_size=8, dataset=dict(datasets=off))
test_dataloader = dict(dataset=dict(datasets=off))
val_dataloader = test_dataloader
test_evaluator = dict(metrics=off)
val_evaluator = test_evaluator
optim_wrapper = dict(
    constructor='SeparateOptimWrapperConstructor',
    generator=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=5e-4, weight_decay=1e-4),
        paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1)))),
    discriminator=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=5e-4, weight_decay=1e-4)))
param_scheduler = [
    dict(
        type='PeriodicLinearLR',
        period=172,
        end=51600,
        warmup_periods=10,
        start_factor=0.2,
        end_factor=0.02,
        by_epoch=False)
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=51600, val_interval=5160)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
# The model averages the gradients of its two players itself.
model_wrapper_cfg = dict(_delete_=True, type='SameStartWrapper')
default_hooks = dict(
    checkpoint=dict(save_best='text_removal/PSNR', rule='greater'))
load_from = '{{$UPOCR_WEIGHTS:weights}}/segmim_small.pth'
