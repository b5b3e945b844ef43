# What models of MMSegmentation need besides their own configs.
custom_imports = dict(imports=['upocr_mm'], allow_failed_imports=False)
randomness = dict(seed=0)
