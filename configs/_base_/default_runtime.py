default_scope = 'mmseg'
# The second import lets `--launcher pytorch` run on machines without a GPU.
custom_imports = dict(
    imports=['upocr_mm', 'upocr_mm.engine.cpu_process_group'],
    allow_failed_imports=False)
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'))
# device_ids=None: the device is the model's, which may be the CPU.
model_wrapper_cfg = dict(
    type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False)
randomness = dict(seed=0)
vis_backends = [
    dict(type='LocalVisBackend'),
    dict(type='TensorboardVisBackend')
]
visualizer = dict(
    type='Visualizer', vis_backends=vis_backends, name='visualizer')
log_processor = dict(by_epoch=False)
log_level = 'INFO'
load_from = None
resume = False
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='CheckpointHook', by_epoch=False, interval=2000,
        max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='PanelVisualizationHook'),
    # Set by name, e.g. `--cfg-options default_hooks.report.worst=8`.
    preflight=dict(type='PreflightHook'),
    exact_resume=dict(type='ExactResumeHook'),
    resume_check=dict(type='ResumeCheckHook'),
    finite=dict(type='FiniteTrainingHook'),
    task_meta=dict(type='TaskMetaHook'),
    report=dict(type='EvaluationReportHook'),
    outputs=dict(type='OutputImagesHook'),
    # The authors train and test without TF32.
    tf32=dict(type='TF32Hook', enabled=False))
