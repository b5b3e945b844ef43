# SegMIM-Small, second stage: the encoder alone learns to find text, 20 epochs
# of 1,340 steps. It starts from the checkpoint of the first stage, whose
# decoder it keeps as it is.
_base_ = [
    '../_base_/models/segmim_swinv2.py',
    '../_base_/datasets/text_polygons_512x512.py',
    '../_base_/default_runtime.py'
]
model = dict(backbone=dict(drop_path_rate=0.1), reconstruction_loss=None)
train_dataloader = dict(
    dataset=dict(
        datasets=dict(
            text_localization=dict(pipeline=[
                *_base_.load, _base_.crop, _base_.flip, _base_.rotate
            ])),
        pipeline=[_base_.resize, _base_.pack]))
optim_wrapper = dict(
    type='AmpOptimWrapper',
    constructor='mmpretrain.LearningRateDecayOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=1.25e-3, weight_decay=0.05),
    clip_grad=dict(max_norm=5.),
    paramwise_cfg=dict(
        layer_decay_rate=0.75,
        norm_decay_mult=0.,
        bias_decay_mult=0.,
        flat_decay_mult=0.))
param_scheduler = [
    # from 2.5e-7 and back again
    dict(type='LinearLR', start_factor=2e-4, end=5360, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=2e-4,
        begin=5360,
        end=26800,
        by_epoch=False)
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=26800)
load_from = '{{$UPOCR_WEIGHTS:weights}}/segmim_small_stage1.pth'
