# What models of MMSegmentation need besides their own configs.
custom_imports = dict(imports=['upocr_mm'], allow_failed_imports=False)
custom_hooks = [dict(type='PreflightHook'), dict(type='EvaluationReportHook')]
randomness = dict(seed=0)
