_base_ = [
    __import__('upocr_mm.utils').utils.mmseg_config(
        'ocrnet/ocrnet_hr48_4xb4-80k_ade20k-512x512.py'),
    '../_base_/datasets/tampered_ic13_512x512.py',
    '../_base_/baseline_runtime.py'
]
# A list is replaced as a whole.
model = dict(decode_head=[
    dict(head, num_classes=3) for head in _base_.model.decode_head
])
train_dataloader, val_dataloader, test_dataloader = _base_.task_dataloaders
val_evaluator, test_evaluator = _base_.task_evaluators
default_hooks = _base_.task_hooks
