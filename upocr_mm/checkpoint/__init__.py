from ..utils.safe_load import load_tensors
from .compare import (check_file, compare_palettes, compare_state_dicts,
                      compare_windows, listed)
from .content import require_weights, task_meta_of, weights_of
from .pretrained import check_pretrained
from .released_files import (decoder_settings, detect_arch, encoder_settings,
                             find_weights, kind_of, other_entries,
                             tasks_of_run, windows_of)
from .released_names import DROPPED
from .released_weights import (RELEASED_TASKS, Conversion, convert_released,
                               export_released, kind_of_ours, replace_encoder)
from .saving import safetensors_of, write_checkpoint
from .training_state import compare_training, require_training

__all__ = [
    'Conversion', 'DROPPED', 'RELEASED_TASKS', 'check_file',
    'check_pretrained', 'compare_palettes', 'compare_state_dicts',
    'compare_training', 'compare_windows', 'convert_released',
    'decoder_settings', 'detect_arch', 'encoder_settings', 'export_released',
    'find_weights', 'kind_of', 'kind_of_ours', 'listed', 'load_tensors',
    'other_entries', 'replace_encoder', 'require_training', 'require_weights',
    'safetensors_of', 'task_meta_of', 'tasks_of_run', 'weights_of',
    'windows_of', 'write_checkpoint'
]
