# UPOCR-Small as in the paper (Table 7, appendix A.4): two GPUs of 24 samples,
# eight of each task. The paper starts from ViTEraser's weights, which
# `--cfg-options load_from=FILE` takes once they are in this layout.
_base_ = [
    '../_base_/models/upocr_swinv2.py', '../_base_/datasets/joint_512x512.py',
    '../_base_/schedules/schedule_80k.py', '../_base_/default_runtime.py'
]
