# A fourth task beside the three. What is needed: a prompt, a codec, losses, a
# data set and a metric, each an entry under the name of the task.
import sys

_base_ = '../upocr/upocr_swinv2-n_1xb6-600_synthetic-128x128.py'
# The module lies beside this file.
sys.path.append('{{ fileDirname }}')
custom_imports = dict(imports=_base_.custom_imports.imports +
                      ['document_binarization'])
model = dict(
    task_prompt=dict(tasks=_base_.model.task_prompt.tasks +
                     ['document_binarization']),
    codecs=dict(document_binarization=dict(type='InkCodec')),
    losses=dict(
        document_binarization=dict(
            pixel=dict(
                type='MultiScalePixelLoss',
                distance='smooth_l1',
                weights=(15, 18, 30)))))
train_dataloader = dict(
    batch_size=8,  # two of each task
    dataset=dict(
        datasets=dict(
            document_binarization=dict(
                type='PagesDataset',
                data_root='{{$UPOCR_DATA:data}}/DocumentBinarization/train',
                pipeline=_base_.load))))
test_dataloader = dict(
    dataset=dict(
        datasets=dict(
            document_binarization=dict(
                type='PagesDataset',
                data_root='{{$UPOCR_DATA:data}}/DocumentBinarization/test'))))
val_dataloader = test_dataloader
test_evaluator = dict(
    metrics=dict(document_binarization=dict(type='TextSegmentationMetric')))
val_evaluator = test_evaluator
