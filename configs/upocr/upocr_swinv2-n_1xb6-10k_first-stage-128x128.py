# First stage of tools/train_nano.py: small samples, of which a CPU computes
# four times as many, of photographs and fonts that tools/synthesis_assets
# fetches (UPOCR_ASSETS/backgrounds and fonts).
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
# At 7e-4 the loss jumps: the four convolutions of a lateral connection follow
# one another without a norm. It ends at full rate, the second stage goes on.
optim_wrapper = dict(
    type='Bfloat16OptimWrapper', optimizer=dict(lr=3e-4, betas=(0.9, 0.99)))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, end=100, by_epoch=False)
]
train_cfg = dict(max_iters=10000, val_interval=10000)
