# A long training of the nano size: samples of 256 x 256 made on the fly, in
# bfloat16; validation uses the mean of the latest weights.
# tools/synthesis_assets fetches UPOCR_ASSETS/backgrounds and fonts.
_base_ = './upocr_swinv2-n_1xb6-3k_on-the-fly-128x128.py'
load, pack = _base_.load, _base_.pack
resize = dict(type='PairedResize', size=(256, 256))
train_dataloader = dict(
    dataset=dict(
        datasets={
            task:
            dict(
                size=(256, 256),
                font_dir='{{$UPOCR_ASSETS:data/assets}}/fonts',
                background_dir='{{$UPOCR_ASSETS:data/assets}}/backgrounds')
            for task in ('text_removal', 'text_segmentation',
                         'tampered_text_detection')
        },
        pipeline=[resize, pack]))
test_dataloader = dict(dataset=dict(pipeline=[load[0], resize, load[1], pack]))
val_dataloader = test_dataloader
test_pipeline = [load[0], resize, pack]
tta_pipeline = [load[0], resize, _base_.tta_pipeline[-1]]
optim_wrapper = dict(type='Bfloat16OptimWrapper')
default_hooks = dict(
    # Over a tenth of the steps so far, later over 1,000: a fixed number would
    # hold the first weights for thousands of steps.
    ema=dict(
        type='EMAHook',
        ema_type='MomentumAnnealingEMA',
        momentum=1e-3,
        gamma=10),
    checkpoint=dict(interval=500))
param_scheduler = [
    dict(
        type='PeriodicLinearLR',
        period=100,
        end=60000,
        warmup_periods=5,
        by_epoch=False)
]
train_cfg = dict(max_iters=60000, val_interval=2000)
