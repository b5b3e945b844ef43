_base_ = './upocr_swinv2-s_2xb24-80k_joint-512x512.py'
model = dict(
    backbone=dict(arch='base', window_size=8), decode_head=dict(arch='base'))
