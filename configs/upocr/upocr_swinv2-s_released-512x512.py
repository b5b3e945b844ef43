# For the weights that the authors released (converted by upocr2mm.py of the
# model converters): background red, real green, tampered blue.
_base_ = './upocr_swinv2-s_2xb24-80k_joint-512x512.py'
palette = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
model = dict(codecs=dict(tampered_text_detection=dict(palette=palette)))
load_from = None  # named by `mim test ... --checkpoint FILE`
