from .class_map_metric import ClassMapMetric
from .fid_metric import FIDMetric
from .image_pair_metric import ImagePairMetric
from .per_sample_metric import PerSampleMetric
from .tampered_text_detection_metric import TamperedTextDetectionMetric
from .text_detection_metric import TextDetectionMetric
from .text_removal_metric import TextRemovalMetric
from .text_segmentation_metric import TextSegmentationMetric

__all__ = [
    'ClassMapMetric', 'FIDMetric', 'ImagePairMetric', 'PerSampleMetric',
    'TamperedTextDetectionMetric', 'TextDetectionMetric', 'TextRemovalMetric',
    'TextSegmentationMetric'
]
