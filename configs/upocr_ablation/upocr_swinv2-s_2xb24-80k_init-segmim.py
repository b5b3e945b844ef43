# Table 11: encoder and decoder start from SegMIM, a checkpoint of
# configs/segmim (second stage) or the authors' (upocr2mm.py).
_base_ = '../upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py'
load_from = '{{$UPOCR_WEIGHTS:weights}}/segmim_small.pth'
