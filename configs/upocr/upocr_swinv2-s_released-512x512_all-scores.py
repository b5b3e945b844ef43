# For tests: every score there is (see docs/evaluation.md).
_base_ = [
    './upocr_swinv2-s_released-512x512.py',
    '../_base_/evaluation/all_scores.py'
]
test_evaluator = dict(metrics=_base_.all_metrics)
