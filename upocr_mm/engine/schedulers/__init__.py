from .periodic_linear_lr import PeriodicLinearLR

__all__ = ['PeriodicLinearLR']
