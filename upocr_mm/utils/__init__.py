from .installed_configs import mmseg_config

__all__ = ['mmseg_config']
