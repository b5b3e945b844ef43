# The three tasks together. Each data set augments in its own way; what is the
# same for all of them stands here.
_base_ = ['./scut_enstext.py', './textseg.py', './tampered_ic13.py']

train_dataloader = dict(
    batch_size=24,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    # the same number of samples of each task in every batch
    batch_sampler=dict(type='MultiTaskBatchSampler'),
    dataset=dict(
        type='MultiTaskDataset',
        datasets=dict(
            text_removal=_base_.scut_enstext_train,
            text_segmentation=_base_.textseg_train,
            tampered_text_detection=_base_.tampered_ic13_train),
        pipeline=[
            dict(type='PairedResize', size=(512, 512)),
            dict(type='PackImageToImageInputs')
        ]))
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='MultiTaskDataset',
        datasets=dict(
            text_removal=_base_.scut_enstext_test,
            text_segmentation=_base_.textseg_test,
            tampered_text_detection=_base_.tampered_ic13_test),
        # The targets keep the size of the file, predictions return to it.
        pipeline=[
            dict(
                type='LoadImageFromFile',
                color_type='color_ignore_orientation'),
            dict(type='PairedResize', size=(512, 512)),
            dict(type='LoadTargets'),
            dict(type='PackImageToImageInputs')
        ]))
val_dataloader = test_dataloader
# of `mmseg.apis.inference_model`
test_pipeline = [
    dict(type='LoadImageFromFile', color_type='color_ignore_orientation'),
    dict(type='PairedResize', size=(512, 512)),
    dict(type='PackImageToImageInputs')
]
# `mim test ... --tta`: the mean of the picture and its mirror image. Targets
# are loaded behind the flip, so that they are not flipped.
tta_pipeline = [
    dict(type='LoadImageFromFile', color_type='color_ignore_orientation'),
    dict(type='PairedResize', size=(512, 512)),
    dict(
        type='TestTimeAug',
        transforms=[[
            dict(type='PairedRandomFlip', prob=0.),
            dict(type='PairedRandomFlip', prob=1.)
        ], [dict(type='LoadTargets')], [dict(type='PackImageToImageInputs')]])
]
tta_model = dict(type='UPOCRTTAModel')
test_evaluator = dict(
    type='MultiTaskEvaluator',
    metrics=dict(
        text_removal=dict(
            type='TextRemovalMetric', mode=['official', 'strict']),
        text_segmentation=dict(type='TextSegmentationMetric'),
        tampered_text_detection=dict(type='TamperedTextDetectionMetric')))
val_evaluator = test_evaluator
