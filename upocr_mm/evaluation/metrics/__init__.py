from .class_map_metric import ClassMapMetric
from .per_sample_metric import PerSampleMetric
from .tampered_text_detection_metric import TamperedTextDetectionMetric
from .text_removal_metric import TextRemovalMetric
from .text_segmentation_metric import TextSegmentationMetric

__all__ = [
    'ClassMapMetric', 'PerSampleMetric', 'TamperedTextDetectionMetric',
    'TextRemovalMetric', 'TextSegmentationMetric'
]
