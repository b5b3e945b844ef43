from .metrics import (ClassMapMetric, PerSampleMetric,
                      TamperedTextDetectionMetric, TextRemovalMetric,
                      TextSegmentationMetric)
from .multi_task_evaluator import MultiTaskEvaluator

__all__ = [
    'ClassMapMetric', 'MultiTaskEvaluator', 'PerSampleMetric',
    'TamperedTextDetectionMetric', 'TextRemovalMetric',
    'TextSegmentationMetric'
]
