# For tests: every score there is, of any config. UPOCR_CONFIG is the path of
# that config (absolute, or from this folder). No model of its own. Needs
# `pip install "upocr_mm[evaluation]"`.
_base_ = '{{$UPOCR_CONFIG:../upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py}}'
test_evaluator = dict(
    metrics=dict(
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
            type='TamperedTextDetectionMetric', boxes=True)))
