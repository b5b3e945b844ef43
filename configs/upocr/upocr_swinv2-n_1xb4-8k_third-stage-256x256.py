# Third stage of tools/train_nano.py, from the weights of the second: half of
# each batch are forgeries, which are easier to see and more frequent than
# those of the other stages, and count more. Before, none was found: the
# outputs were their share among all words.
_base_ = './upocr_swinv2-n_1xb3-11k_second-stage-256x256.py'
forgeries = dict(
    authentic=0.15,
    words=0.5,
    kinds=dict(copy_move=1, splice=2, retype=1.5, digits=1, generate=2))
model = dict(
    losses=dict(tampered_text_detection=dict(pixel=dict(weights=(15, 18,
                                                                 30)))))
train_dataloader = dict(
    batch_size=4,
    batch_sampler=dict(
        task_ratio=dict(
            text_removal=1, text_segmentation=1, tampered_text_detection=2)),
    dataset=dict(
        datasets=dict(
            # More of large letters.
            text_segmentation=dict(
                presets=('scene', 'document', 'poster', 'poster')),
            tampered_text_detection=dict(changes=dict(tampering=forgeries)))))
param_scheduler = [
    dict(
        type='PeriodicLinearLR',
        period=100,
        end=8000,
        warmup_periods=3,
        by_epoch=False)
]
train_cfg = dict(max_iters=8000, val_interval=8000)
