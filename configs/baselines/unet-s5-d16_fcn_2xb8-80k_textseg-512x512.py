_base_ = [
    __import__('upocr_mm.utils').utils.mmseg_config(
        'unet/unet-s5-d16_fcn_4xb4-160k_cityscapes-512x1024.py'),
    '../_base_/datasets/textseg_512x512.py', '../_base_/baseline_runtime.py'
]
model = dict(
    data_preprocessor=dict(size=(512, 512)),
    decode_head=dict(num_classes=2),
    auxiliary_head=dict(num_classes=2))
train_cfg = dict(max_iters=80000, val_interval=8000)
param_scheduler = [
    *_base_.param_scheduler[:-1],
    dict(_base_.param_scheduler[-1], end=80000)
]
train_dataloader, val_dataloader, test_dataloader = _base_.task_dataloaders
val_evaluator, test_evaluator = _base_.task_evaluators
default_hooks = _base_.task_hooks
