# UPOCR-Small as in the paper (Table 7, appendix A.4): two GPUs of 24 samples,
# eight of each task. It starts from ViTEraser-Small, a checkpoint of
# configs/viteraser or the authors' (upocr2mm.py); UPOCR_WEIGHTS is the folder.
_base_ = [
    '../_base_/models/upocr_swinv2.py', '../_base_/datasets/joint_512x512.py',
    '../_base_/schedules/schedule_80k.py', '../_base_/default_runtime.py'
]
load_from = '{{$UPOCR_WEIGHTS:weights}}/viteraser_small.pth'
default_hooks = dict(
    checkpoint=dict(
        save_best=[
            'text_removal/PSNR', 'text_segmentation/fgIoU',
            'tampered_text_detection/mIoU'
        ],
        rule='greater'))
