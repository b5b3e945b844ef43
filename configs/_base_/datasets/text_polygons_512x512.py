# The seven data sets of SegMIM, 85,781 training images, each in the layout of
# its owner below UPOCR_DATA/TextDetection. `sets.mine='FOLDER'` adds your own.
load = [
    dict(type='LoadImageFromFile', color_type='color_ignore_orientation'),
    dict(type='LoadTargets')
]
crop = dict(type='PairedRandomCrop', scale=(0.7, 1.0))
flip = dict(type='PairedRandomFlip', prob=0.3)
rotate = dict(
    type='PairedRandomRotate', max_angle=30, prob=0.5, interpolation='nearest')
resize = dict(type='PairedResize', size=(512, 512))
mask = dict(type='RandomCellMask', cell_size=32, ratio=0.6)
pack = dict(type='PackImageToImageInputs')
train_dataloader = dict(
    batch_size=16,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    batch_sampler=dict(type='MultiTaskBatchSampler'),
    dataset=dict(
        type='MultiTaskDataset',
        datasets=dict(
            text_localization=dict(
                type='TextPolygonDataset',
                data_root='{{$UPOCR_DATA:data}}/TextDetection',
                sets=dict(
                    art='ArT',
                    ic13='IC13',
                    ic15='IC15',
                    lsvt='LSVT',
                    mlt17='MLT17',
                    rects='ReCTS',
                    textocr='TextOCR'),
                pipeline=[*load, crop, flip])),
        pipeline=[resize, mask, pack]))
