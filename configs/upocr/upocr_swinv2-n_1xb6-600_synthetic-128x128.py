# A nano UPOCR that learns the three tasks on synthetic data, in minutes on a
# CPU. Such a short run needs PyTorch's initialization, strong prompts and a
# strong pull towards the few pixels of strokes, and gains nothing from
# augmentation. Without initial weights, and without the feature loss, which
# needs the weights of VGG-16.
_base_ = './upocr_swinv2-s_2xb24-80k_joint-512x512.py'
load = [
    dict(type='LoadImageFromFile', color_type='color_ignore_orientation'),
    dict(type='LoadTargets')
]
resize = dict(type='PairedResize', size=(128, 128))
pack = dict(type='PackImageToImageInputs')
model = dict(
    backbone=dict(arch='nano', init_cfg=None),
    task_prompt=dict(init_std=1.),
    decode_head=dict(arch='nano', init_cfg=None),
    losses=dict(
        text_removal=dict(feature=None),
        text_segmentation=dict(pixel=dict(weights=(15, 18, 30)))))
train_dataloader = dict(
    batch_size=6,
    num_workers=1,
    dataset=dict(
        datasets=dict(
            text_removal=dict(pipeline=load),
            text_segmentation=dict(pipeline=load),
            tampered_text_detection=dict(pipeline=load)),
        pipeline=[resize, pack]))
test_dataloader = dict(
    num_workers=1, dataset=dict(pipeline=[load[0], resize, load[1], pack]))
val_dataloader = test_dataloader
test_pipeline = [load[0], resize, pack]
tta_pipeline = [load[0], resize, _base_.tta_pipeline[-1]]
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(lr=1e-3, betas=(0.9, 0.95)),
    clip_grad=dict(max_norm=1.0),
    paramwise_cfg=None)
param_scheduler = [
    dict(
        type='PeriodicLinearLR',
        period=10,
        end=600,
        warmup_periods=5,
        by_epoch=False)
]
train_cfg = dict(max_iters=600, val_interval=600)
load_from = None
default_hooks = dict(checkpoint=dict(interval=300))
