# Second stage of tools/train_nano.py: samples of 256 x 256, from the weights
# of the first (`load_from`). Validation and test use the mean of the latest
# weights.
_base_ = './upocr_swinv2-n_1xb6-10k_first-stage-128x128.py'
load, pack = _base_.load, _base_.pack
resize = dict(type='PairedResize', size=(256, 256))
# Uncertain strokes are gray. On held-out samples 0.3 to 0.4 is best; on scans
# strokes come out fainter.
model = dict(codecs=dict(text_segmentation=dict(threshold=0.3)))
# A step for each picture of a task: more steps in the time there is.
train_dataloader = dict(
    batch_size=3,
    dataset=dict(
        datasets=dict(
            text_removal=dict(size=(256, 256)),
            text_segmentation=dict(size=(256, 256)),
            tampered_text_detection=dict(size=(256, 256))),
        pipeline=[resize, pack]))
test_dataloader = dict(dataset=dict(pipeline=[load[0], resize, load[1], pack]))
val_dataloader = test_dataloader
# Of whole pictures, at whose scale the samples are crops.
whole = dict(type='PairedResize', size=(512, 512))
test_pipeline = [load[0], whole, pack]
tta_pipeline = [load[0], resize, _base_.tta_pipeline[-1]]
default_hooks = dict(
    # Over a tenth of the steps so far, later over 1,000: a fixed number would
    # hold the first weights for thousands of steps.
    ema=dict(
        type='EMAHook',
        ema_type='MomentumAnnealingEMA',
        momentum=1e-3,
        gamma=10))
param_scheduler = [
    dict(
        type='PeriodicLinearLR',
        period=100,
        end=11000,
        warmup_periods=3,
        by_epoch=False)
]
train_cfg = dict(max_iters=11000, val_interval=1000)
