from .config_options import ConfigOptions
from .data_tasks import data_tasks
from .installed_configs import mmseg_config
from .labels import IGNORE_INDEX
from .open_picture import PICTURE_FORMATS, open_picture
from .read_config import read_config
from .read_image import read_image
from .reason_of import reason_of
from .refuse_file import refuse_file
from .refuse_same_file import refuse_same_file
from .sentences import (UsageError, exit_code_of, is_out_of_memory,
                        one_sentence, sentence_of)
from .termination import Terminated, terminated_as_interrupted
from .unwrap import unwrap
from .written_whole import temporary_folder, write_whole, written_whole

__all__ = [
    'ConfigOptions', 'IGNORE_INDEX', 'PICTURE_FORMATS', 'Terminated',
    'UsageError', 'data_tasks', 'open_picture', 'terminated_as_interrupted',
    'exit_code_of', 'is_out_of_memory', 'mmseg_config', 'one_sentence',
    'read_config', 'read_image', 'reason_of', 'refuse_file',
    'refuse_same_file', 'sentence_of', 'unwrap', 'temporary_folder',
    'write_whole', 'written_whole'
]
