# Fourth stage of tools/train_nano.py, and the config of the weights that it
# makes (the mean of those of the third and fourth stage): from the weights of
# the third, with larger letters, which whole photographs of 512 x 512 show and
# samples of 256 x 256 hardly did; half of the pictures are for removal.
_base_ = './upocr_swinv2-n_1xb3-5k_third-stage-256x256.py'
larger = dict(text_height=(12., 1.), cut_off=0.4)
train_dataloader = dict(
    batch_size=4,
    batch_sampler=dict(
        task_ratio=dict(
            text_removal=2, text_segmentation=1, tampered_text_detection=1)),
    dataset=dict(
        datasets=dict(
            text_removal=dict(changes=larger),
            text_segmentation=dict(changes=larger))))
param_scheduler = [
    dict(
        type='PeriodicLinearLR',
        period=100,
        end=8000,
        warmup_periods=3,
        by_epoch=False)
]
train_cfg = dict(max_iters=8000, val_interval=8000)
