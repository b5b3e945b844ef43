_base_ = './segmim-encoder_swinv2-s_4xb16-27k_seven-sets-512x512.py'
model = dict(backbone=dict(arch='base'), decode_head=dict(arch='base'))
load_from = '{{$UPOCR_WEIGHTS:weights}}/segmim_base_stage1.pth'
