# Tampered text detection.
tampered_ic13_train = dict(
    type='TamperedIC13Dataset',
    data_root='{{$UPOCR_DATA:data}}/TamperedTextDetection/Tampered-IC13',
    split='train',
    pipeline=[
        dict(type='LoadImageFromFile', color_type='color_ignore_orientation'),
        dict(type='LoadTargets'),
        dict(type='PairedRandomCrop', scale=(0.5, 1.0)),
        dict(type='PairedRandomFlip', prob=0.5)
    ])
tampered_ic13_test = dict(
    type='TamperedIC13Dataset',
    data_root='{{$UPOCR_DATA:data}}/TamperedTextDetection/Tampered-IC13',
    split='test')
