# The same recipe for one small GPU: eight batches of 6 make a step of 48, and
# the blocks are recomputed in the backward pass. All intervals count batches.
_base_ = './upocr_swinv2-s_2xb24-80k_joint-512x512.py'
model = dict(backbone=dict(with_cp=True), decode_head=dict(with_cp=True))
train_dataloader = dict(batch_size=6)
optim_wrapper = dict(accumulative_counts=8)
param_scheduler = [
    dict(
        type='PeriodicLinearLR',
        period=1600,
        end=640000,
        warmup_periods=10,
        start_factor=0.2,
        end_factor=0.02,
        by_epoch=False)
]
train_cfg = dict(max_iters=640000, val_interval=64000)
default_hooks = dict(
    logger=dict(interval=400), checkpoint=dict(interval=16000))
