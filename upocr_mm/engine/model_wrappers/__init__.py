from .same_start_wrapper import SameStartWrapper

__all__ = ['SameStartWrapper']
