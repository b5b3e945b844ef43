# Table 11: the encoder starts from the classification of ImageNet-1k.
_base_ = '../upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py'
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://download.openmmlab.com/mmclassification/v0/'
            'swin-v2/swinv2-small-w16_3rdparty_in1k-256px_'
            '20220803-b707d206.pth',
            prefix='backbone.')))
