# The fourth task by its prompt alone: all else stays as it is in `load_from`,
# so that the three tasks keep their outputs.
_base_ = './upocr_swinv2-n_1xb8-600_binarization-128x128.py'
off = dict(
    text_removal=None, text_segmentation=None, tampered_text_detection=None)
model = dict(
    # It starts from nearly nothing, between the known tasks.
    task_prompt=dict(init_std=0.02),
    trainable=['task_prompt.prompts.document_binarization'])
train_dataloader = dict(batch_size=4, dataset=dict(datasets=off))
optim_wrapper = dict(optimizer=dict(lr=0.1, weight_decay=0.))
param_scheduler = [
    dict(type='PeriodicLinearLR', period=10, end=200, by_epoch=False)
]
train_cfg = dict(max_iters=200, val_interval=200)
default_hooks = dict(
    checkpoint=dict(interval=200, save_best='document_binarization/fgIoU'))
load_from = 'upocr://upocr_swinv2-n'
