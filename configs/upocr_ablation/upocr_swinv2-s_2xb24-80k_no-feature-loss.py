# Table 12: text removal without perceptual and style loss.
_base_ = '../upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py'
model = dict(losses=dict(text_removal=dict(feature=None)))
