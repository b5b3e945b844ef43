model = dict(
    type='UPOCR',
    data_preprocessor=dict(type='ImageToImageDataPreprocessor'),
    backbone=dict(
        type='FusedSwinTransformerV2',
        arch='small',
        window_size=16,
        pretrained_window_sizes=(16, 16, 16, 16),
        drop_path_rate=0.3),
    task_prompt=dict(
        type='TaskPrompt',
        tasks=['text_removal', 'tampered_text_detection',
               'text_segmentation']),
    decode_head=dict(
        type='PatchSplitHead',
        arch='small',
        window_size=8,
        pretrained_window_size=8,
        drop_path_rate=0.3),
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
