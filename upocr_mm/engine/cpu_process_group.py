"""Joins the process group on machines without an accelerator.

mmengine's ``--launcher pytorch`` selects a CUDA device before it makes the
process group, which fails where there is none. Importing this module in a
process that torchrun started on such a machine makes the group with gloo
first, and mmengine then takes it as it is. Anywhere else it does nothing.

It is imported by name in ``configs/_base_/default_runtime.py`` and by nothing
else, so that importing ``upocr_mm`` has no such effect.
"""
import torch.distributed as dist
from mmengine.device import get_device

if (dist.is_available() and dist.is_torchelastic_launched()
        and not dist.is_initialized() and get_device() == 'cpu'):
    dist.init_process_group('gloo')
