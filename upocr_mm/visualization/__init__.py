from .output_images_hook import OutputImagesHook
from .panel_visualization_hook import PanelVisualizationHook

__all__ = ['OutputImagesHook', 'PanelVisualizationHook']
