from .detectors import (BaseTextDetector, CRAFTTextDetector,
                        RapidOCRTextDetector, StoredTextDetector)
from .metrics import (ClassMapMetric, FIDMetric, ImagePairMetric,
                      PerSampleMetric, TamperedTextDetectionMetric,
                      TextDetectionMetric, TextRemovalMetric,
                      TextSegmentationMetric)
from .multi_task_evaluator import MultiTaskEvaluator

__all__ = [
    'BaseTextDetector', 'CRAFTTextDetector', 'ClassMapMetric', 'FIDMetric',
    'ImagePairMetric', 'MultiTaskEvaluator', 'PerSampleMetric',
    'RapidOCRTextDetector', 'StoredTextDetector',
    'TamperedTextDetectionMetric', 'TextDetectionMetric', 'TextRemovalMetric',
    'TextSegmentationMetric'
]
