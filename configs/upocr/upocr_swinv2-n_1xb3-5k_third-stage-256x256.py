# Third stage of tools/train_nano.py, from the weights of the second: with
# signs and logos, whose letters are turned and on arcs, and with more forged
# words (about a third of all), more of them of the kinds that are easier to
# see.
_base_ = './upocr_swinv2-n_1xb3-11k_second-stage-256x256.py'
presets = ('scene', 'document', 'poster', 'sign')
forgeries = dict(
    authentic=0.15,
    words=0.5,
    kinds=dict(copy_move=1, splice=2, retype=1.5, digits=1, generate=2))
train_dataloader = dict(
    dataset=dict(
        datasets=dict(
            text_removal=dict(presets=presets),
            text_segmentation=dict(presets=presets),
            tampered_text_detection=dict(changes=dict(tampering=forgeries)))))
param_scheduler = [
    dict(
        type='PeriodicLinearLR',
        period=100,
        end=5000,
        warmup_periods=3,
        by_epoch=False)
]
train_cfg = dict(max_iters=5000, val_interval=5000)
