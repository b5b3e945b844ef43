# The reverse: the encoder of UPOCR-Small under a head of MMSegmentation, with
# the recipe of a Swin of the same size.
_base_ = [
    __import__('upocr_mm.utils').utils.mmseg_config(
        'swin/swin-small-patch4-window7-in1k-pre_upernet_8xb2-160k_ade20k-512x512.py'  # noqa: E501
    ),
    '../_base_/datasets/tampered_ic13_512x512.py',
    '../_base_/baseline_runtime.py'
]
model = dict(
    backbone=dict(
        _delete_=True, type='PromptedSwinTransformerV2', arch='small'),
    decode_head=dict(num_classes=3),
    auxiliary_head=dict(num_classes=3))
train_cfg = dict(max_iters=80000, val_interval=8000)
param_scheduler = [
    *_base_.param_scheduler[:-1],
    dict(_base_.param_scheduler[-1], end=80000)
]
train_dataloader, val_dataloader, test_dataloader = _base_.task_dataloaders
val_evaluator, test_evaluator = _base_.task_evaluators
default_hooks = _base_.task_hooks
