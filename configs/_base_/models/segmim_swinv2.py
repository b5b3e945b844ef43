# SegMIM: an encoder that masks, a decoder for the image at full size, a head
# for text masks. Windows of 8 in both halves.
model = dict(
    type='SegMIM',
    data_preprocessor=dict(type='ImageToImageDataPreprocessor'),
    backbone=dict(
        type='MaskedSwinTransformerV2',
        arch='small',
        window_size=8,
        pretrained_window_sizes=(8, 8, 8, 8),
        drop_path_rate=0.2,
        init_cfg=dict(type='ResidualPostNormInit')),
    decode_head=dict(
        type='PatchSplitHead',
        arch='small',
        window_size=8,
        drop_path_rate=0.2,
        out_strides=(1, ),
        init_cfg=dict(type='ResidualPostNormInit')),
    text_head=dict(type='TextMaskHead'),
    text_loss=dict(type='DiceLoss', ignore_index=None),
    reconstruction_loss=dict(type='MaskedPixelLoss'))
