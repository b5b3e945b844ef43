# First of the two stages of tools/train_nano.py: small samples, of which a CPU
# computes four times as many, of photographs and fonts that
# tools/synthesis_assets fetches (UPOCR_ASSETS/backgrounds and fonts).
_base_ = './upocr_swinv2-n_1xb6-3k_on-the-fly-128x128.py'
assets = '{{$UPOCR_ASSETS:data/assets}}'
train_dataloader = dict(
    dataset=dict(
        datasets={
            task:
            dict(
                font_dir=f'{assets}/fonts',
                background_dir=f'{assets}/backgrounds')
            for task in ('text_removal', 'text_segmentation',
                         'tampered_text_detection')
        }))
# Tampered words are as few pixels as strokes.
model = dict(
    losses=dict(
        tampered_text_detection=dict(pixel=dict(weights=(15, 18, 30)))))
optim_wrapper = dict(type='Bfloat16OptimWrapper')
# It ends early: the second stage goes on from there.
param_scheduler = [
    dict(
        type='PeriodicLinearLR',
        period=100,
        end=10000,
        warmup_periods=1,
        by_epoch=False)
]
train_cfg = dict(max_iters=4000, val_interval=4000)
