# The same from random weights, without ViTEraser's.
_base_ = './upocr_swinv2-s_2xb24-80k_joint-512x512.py'
load_from = None
