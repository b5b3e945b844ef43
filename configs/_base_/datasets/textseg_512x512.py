# Text segmentation alone, as maps of two classes, for configs that inherit
# from MMSegmentation's. Those bring another data set along: each dict below
# takes the whole place of one of theirs (`_delete_`).
_base_ = './textseg.py'
task_train = dict(
    _delete_=True,
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        _base_.textseg_train,
        pipeline=_base_.textseg_train.pipeline + [
            dict(type='PairedResize', size=(512, 512)),
            dict(type='PackImageToImageInputs')
        ]))
task_test = dict(
    _delete_=True,
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    # The targets keep the size of the file, predictions return to it.
    dataset=dict(
        _base_.textseg_test,
        pipeline=[
            dict(
                type='LoadImageFromFile',
                color_type='color_ignore_orientation'),
            dict(type='PairedResize', size=(512, 512)),
            dict(type='LoadTargets'),
            dict(type='PackImageToImageInputs')
        ]))
task_scores = dict(
    _delete_=True,
    type='MultiTaskEvaluator',
    metrics=dict(text_segmentation=dict(type='TextSegmentationMetric')))
# For training, validation and test; copies, because mmengine takes `_delete_`
# out of a dict when it has obeyed it.
task_dataloaders = [task_train, task_test, dict(task_test)]
task_evaluators = [task_scores, dict(task_scores)]
task_hooks = dict(
    checkpoint=dict(
        interval=8000,
        max_keep_ckpts=2,
        save_best='text_segmentation/fgIoU',
        rule='greater'),
    # of every image, with `mim test ... --show-dir`
    visualization=dict(interval=1),
    preflight=dict(type='PreflightHook'),
    resume_check=dict(type='ResumeCheckHook'),
    finite=dict(type='FiniteTrainingHook'),
    report=dict(type='EvaluationReportHook'))
