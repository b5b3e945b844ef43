# Table 1: prompts between encoder and decoder and after each decoder stage.
_base_ = '../upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py'
model = dict(task_prompt=dict(positions=['shared', 'decoder']))
