_base_ = './viteraser_swinv2-s_2xb8-52k_scut-enstext-512x512.py'
model = dict(backbone=dict(arch='base'), decode_head=dict(arch='base'))
load_from = '{{$UPOCR_WEIGHTS:weights}}/segmim_base.pth'
