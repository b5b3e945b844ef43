_base_ = './upocr_swinv2-s_2xb24-80k_joint-512x512.py'
model = dict(backbone=dict(arch='base'), decode_head=dict(arch='base'))
load_from = '{{$UPOCR_WEIGHTS:weights}}/viteraser_base.pth'
