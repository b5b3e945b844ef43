# Table 2: text removal and tampered text detection,
# 16 samples of each task in a batch.
_base_ = '../upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py'
off = dict(text_segmentation=None)
model = dict(
    task_prompt=dict(tasks=['text_removal', 'tampered_text_detection']),
    codecs=off,
    losses=off)
train_dataloader = dict(batch_size=16, dataset=dict(datasets=off))
test_dataloader = dict(dataset=dict(datasets=off))
val_dataloader = test_dataloader
