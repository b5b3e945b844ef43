# Text removal. UPOCR_DATA is the folder that holds the data sets.
scut_enstext_train = dict(
    type='SCUTEnsTextDataset',
    data_root='{{$UPOCR_DATA:data}}/TextRemoval/SCUT-EnsText',
    split='train',
    pipeline=[
        dict(type='LoadImageFromFile', color_type='color_ignore_orientation'),
        dict(type='LoadTargets'),
        dict(type='PairedRandomFlip', prob=0.3),
        dict(
            type='PairedRandomRotate',
            max_angle=30,
            prob=0.5,
            interpolation='nearest')
    ])
scut_enstext_test = dict(
    type='SCUTEnsTextDataset',
    data_root='{{$UPOCR_DATA:data}}/TextRemoval/SCUT-EnsText',
    split='test')
