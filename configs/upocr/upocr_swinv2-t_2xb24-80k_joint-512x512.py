_base_ = './upocr_swinv2-s_2xb24-80k_joint-512x512.py'
model = dict(
    backbone=dict(arch='tiny', drop_path_rate=0.2),
    decode_head=dict(arch='tiny', window_size=16, drop_path_rate=0.2))
