# ViTEraser: the network of UPOCR without prompts, a branch for text masks and
# a discriminator.
model = dict(
    type='ViTEraser',
    data_preprocessor=dict(type='ImageToImageDataPreprocessor'),
    # The windows are those of UPOCR (models/sizes.py), their position bias is
    # normalized by windows of 8.
    backbone=dict(
        type='PromptedSwinTransformerV2',
        arch='small',
        pretrained_window_sizes=(8, 8, 8, 8),
        init_cfg=dict(type='ResidualPostNormInit')),
    task_prompt=dict(type='TaskPrompt', tasks=['text_removal'], positions=[]),
    decode_head=dict(
        type='PatchSplitHead',
        arch='small',
        init_cfg=dict(type='ResidualPostNormInit')),
    mask_branch=dict(type='MaskBranch', channels=64),
    discriminator=dict(
        type='TextRegionDiscriminator',
        channels=(64, 128, 256, 256, 256, 256)),
    codecs=dict(text_removal=dict(type='ImageCodec')),
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
                style_weight=120))),
    mask_loss=dict(type='DiceLoss', ignore_index=None),
    adversarial_loss=dict(type='HingeAdversarialLoss', loss_weight=0.1))
