model = dict(
    type='UPOCR',
    data_preprocessor=dict(type='ImageToImageDataPreprocessor'),
    # `arch` brings windows and stochastic depth along (models/sizes.py).
    backbone=dict(
        type='PromptedSwinTransformerV2',
        arch='small',
        init_cfg=dict(type='ResidualPostNormInit')),
    task_prompt=dict(
        type='TaskPrompt',
        tasks=['text_removal', 'tampered_text_detection',
               'text_segmentation']),
    decode_head=dict(
        type='PatchSplitHead',
        arch='small',
        init_cfg=dict(type='ResidualPostNormInit')),
    codecs=dict(
        text_removal=dict(type='ImageCodec'),
        text_segmentation=dict(type='BinaryMaskCodec', threshold=0.4),
        # background blue, real green, tampered red (paper, section 3.1)
        tampered_text_detection=dict(
            type='PaletteCodec',
            palette=[(0, 0, 255), (0, 255, 0), (255, 0, 0)])),
    # eqs. 1-4 and appendix A.2
    losses=dict(
        text_removal=dict(
            pixel=dict(
                type='MultiScalePixelLoss',
                distance='l1',
                weights=(5, 6, 10),
                outside_weights=(0.8, 1, 2)),
            feature=dict(
                type='VGGFeatureLoss',
                weights='IMAGENET1K_V1',
                perceptual_weight=0.01,
                style_weight=120)),
        text_segmentation=dict(
            pixel=dict(
                type='MultiScalePixelLoss',
                distance='smooth_l1',
                weights=(5, 6, 10))),
        tampered_text_detection=dict(
            pixel=dict(
                type='MultiScalePixelLoss',
                distance='smooth_l1',
                weights=(5, 6, 10)))))
