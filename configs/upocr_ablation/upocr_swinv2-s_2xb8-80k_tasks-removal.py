# Table 2: text removal alone,
# 16 samples of each task in a batch.
_base_ = '../upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py'
off = dict(text_segmentation=None, tampered_text_detection=None)
model = dict(task_prompt=dict(tasks=['text_removal']), codecs=off, losses=off)
train_dataloader = dict(batch_size=8, dataset=dict(datasets=off))
test_dataloader = dict(dataset=dict(datasets=off))
val_dataloader = test_dataloader
