# Fine-tuning of the weights that come with the package, on pictures of one's
# own in the layouts of the three data sets (UPOCR_DATA).
_base_ = '../upocr/upocr_swinv2-n_1xb6-600_synthetic-128x128.py'
load, pack = _base_.load, _base_.pack
# That of the weights.
model = dict(codecs=dict(text_segmentation=dict(threshold=0.3)))
resize = dict(type='PairedResize', size=(256, 256))
train_dataloader = dict(dataset=dict(pipeline=[resize, pack]))
test_dataloader = dict(dataset=dict(pipeline=[load[0], resize, load[1], pack]))
val_dataloader = test_dataloader
test_pipeline = [load[0], resize, pack]
tta_pipeline = [load[0], resize, _base_.tta_pipeline[-1]]
load_from = 'upocr://upocr_swinv2-n'
optim_wrapper = dict(type='Bfloat16OptimWrapper', optimizer=dict(lr=3e-4))
param_scheduler = [
    dict(
        type='PeriodicLinearLR',
        period=10,
        end=150,
        warmup_periods=1,
        by_epoch=False)
]
train_cfg = dict(max_iters=150, val_interval=150)
default_hooks = dict(checkpoint=dict(interval=75))
