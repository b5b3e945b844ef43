from .data_tasks import data_tasks
from .installed_configs import mmseg_config
from .labels import IGNORE_INDEX
from .read_image import read_image
from .reason_of import reason_of
from .unwrap import unwrap
from .written_whole import written_whole

__all__ = [
    'IGNORE_INDEX', 'data_tasks', 'mmseg_config', 'read_image', 'reason_of',
    'unwrap', 'written_whole'
]
