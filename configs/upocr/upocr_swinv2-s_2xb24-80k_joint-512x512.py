# UPOCR-Small as in the paper (Table 7, appendix A.4): two GPUs of 24 samples,
# eight of each task. The paper starts from the weights of ViTEraser.
_base_ = [
    '../_base_/models/upocr_swinv2.py', '../_base_/datasets/joint_512x512.py',
    '../_base_/schedules/schedule_80k.py', '../_base_/default_runtime.py'
]
