# For tests: every score there is (see docs/evaluation.md).
_base_ = [
    './upocr_swinv2-s_2xb24-80k_joint-512x512.py',
    '../_base_/evaluation/all_scores.py'
]
test_evaluator = dict(metrics=_base_.all_metrics)
