_base_ = './segmim_swinv2-s_4xb16-134k_seven-sets-512x512.py'
checkpoint = ('https://mmassets.onedl.ai/mmclassification/v0/swin-v2/'
              'swinv2-tiny-w8_3rdparty_in1k-256px_20220803-e318968f.pth')
model = dict(
    backbone=dict(arch='tiny', init_cfg=dict(checkpoint=checkpoint)),
    decode_head=dict(arch='tiny'))
