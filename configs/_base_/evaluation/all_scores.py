# Every score there is; needs `pip install "upocr_mm[evaluation]"`.
all_metrics = dict(
    text_removal=[
        dict(type='TextRemovalMetric', mode=['official', 'strict']),
        # left out, with a warning, where its weights are not
        dict(type='FIDMetric'),
        # on the predictions, the inputs (ceiling) and the labels (floor)
        dict(
            type='TextDetectionMetric',
            detector=dict(type='RapidOCRTextDetector'),
            pictures=['pred', 'input', 'gt'])
    ],
    text_segmentation=dict(type='TextSegmentationMetric'),
    tampered_text_detection=dict(
        type='TamperedTextDetectionMetric', boxes=True))
