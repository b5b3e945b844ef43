# SegMIM-Small, first stage: encoder and decoder, 100 epochs of 1,340 steps on
# four GPUs of 16 samples. The encoder starts from ImageNet-1k (mmpretrain's
# swinv2_small_patch4_window8_256).
_base_ = [
    '../_base_/models/segmim_swinv2.py',
    '../_base_/datasets/text_polygons_512x512.py',
    '../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(
        init_cfg=dict(
            _delete_=True,
            type='Pretrained',
            checkpoint='https://mmassets.onedl.ai/mmclassification/v0/swin-v2/'
            'swinv2-small-w8_3rdparty_in1k-256px_20220803-b01a4332.pth',
            prefix='backbone.')))
optim_wrapper = dict(
    type='AmpOptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05),
    clip_grad=dict(max_norm=5.),
    paramwise_cfg=dict(
        norm_decay_mult=0.,
        bias_decay_mult=0.,
        flat_decay_mult=0.,
        custom_keys=dict(
            cpb_mlp=dict(decay_mult=0.), logit_scale=dict(decay_mult=0.))))
param_scheduler = [
    # from 5e-7 within the first epoch
    dict(type='LinearLR', start_factor=5e-3, end=1340, by_epoch=False),
    dict(type='MultiStepLR', milestones=[107200], gamma=0.1, by_epoch=False)
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=134000)
