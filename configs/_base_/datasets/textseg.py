# Text segmentation, trained on the splits train and val.
textseg_train = dict(
    type='TextSegDataset',
    data_root='{{$UPOCR_DATA:data}}/TextSegmentation/TextSeg',
    split=['train', 'val'],
    pipeline=[
        dict(type='LoadImageFromFile', color_type='color_ignore_orientation'),
        dict(type='LoadTargets'),
        dict(type='PairedRandomCrop', scale=(0.7, 1.0)),
        dict(type='PairedRandomFlip', prob=0.3),
        dict(
            type='RandomApply',
            transforms=[
                dict(
                    type='ByteColorJitter',
                    brightness=0.5,
                    contrast=0.5,
                    saturation=0.5,
                    hue=0.5)
            ],
            prob=0.5),
        dict(
            type='PairedRandomRotate',
            max_angle=30,
            prob=0.5,
            interpolation='nearest')
    ])
textseg_test = dict(
    type='TextSegDataset',
    data_root='{{$UPOCR_DATA:data}}/TextSegmentation/TextSeg',
    split='test')
