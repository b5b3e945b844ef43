from .installed_configs import mmseg_config
from .unwrap import unwrap

__all__ = ['mmseg_config', 'unwrap']
