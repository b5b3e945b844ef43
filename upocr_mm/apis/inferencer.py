from __future__ import annotations
import itertools
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
from mmengine.device import get_device
from mmengine.infer import BaseInferencer
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from rich.progress import track

from ..utils import model_index
from . import models
from .interpreting import REMOVAL, SEGMENTATION, interpret
from .options import PredictOptions
from .overwriting import OverwriteGuard
from .picture import Picture, Source, read_pictures
from .prediction import Prediction
from .predictors import TTAPredictor
from .saving import result_files, save_prediction, sheet
from .sizing import predict_pictures
from .sources import find_sources, with_unique_names


class UPOCRInferencer(BaseInferencer):
    """From pictures to pictures without text, masks and tampered regions.

    Example:
        >>> inferencer = UPOCRInferencer()  # the model of the package
        >>> result = inferencer('photo.jpg')['predictions'][0]
        >>> result['text_free']            # uint8 (H, W, 3), RGB

    Args:
        model: A name or alias (:meth:`list_models`), or the path of a
            configuration.
        weights: A checkpoint, from which no code is run. By default the
            weights that come with the model.
        device: A device of PyTorch, ``'cpu'`` or ``'cuda'``; by default a GPU
            where there is one.
        backend: ``'torch'``, ``'openvino'``, ``'onnxruntime'`` or ``'auto'``:
            PyTorch on GPUs; on CPUs the first of the others that is
            installed, for which the model is exported once (into
            ``UPOCR_CACHE``, or ``upocr_mm`` in the user's cache folder).
        dtype: ``'float32'``, or faster where the machine has it:
            ``'bfloat16'``, ``'float16'``.
        size: Side of the pictures that the model computes, a multiple of 32;
            by default that of its training.
        num_threads: Threads of a CPU; by default the backend decides.
        show_progress: Whether a call shows its progress.
        num_streams: Calls from several threads that OpenVINO computes at the
            same time, each by its part of the threads; the other backends
            have one stream.

    Raises:
        FileNotFoundError: A file does not exist.
        ImportError: The backend is not installed.
        ValueError: An argument is not as described, or the weights do not
            fit.
    """
    preprocess_kwargs: set = {'max_pixels'}
    forward_kwargs: set = set(PredictOptions.__dataclass_fields__)
    visualize_kwargs: set = {'return_vis'}
    postprocess_kwargs: set = {'out_dir'}

    # mmengine's would look the model up in packages that it knows, and run
    # code of the checkpoint.
    def __init__(self,
                 model: str | Path = 'upocr_swinv2-n',
                 weights: str | Path | None = None,
                 device: str | None = None,
                 backend: str = 'auto',
                 dtype: str = 'float32',
                 size: int | None = None,
                 num_threads: int | None = None,
                 show_progress: bool = True,
                 num_streams: int = 1) -> None:
        device = device or get_device()
        config, checkpoint = model_index.find_model(model, weights)
        self.size = models.inference_size(config) if size is None else size
        if self.size < 32 or self.size % 32:
            raise ValueError('size must be a multiple of 32, but got '
                             f'{self.size}')
        self.backend = models.choose_backend(backend, device)
        self.codecs, self.predictor = models.load_predictor(
            config, checkpoint, self.size, device, self.backend, dtype,
            num_threads, num_streams)
        self.num_streams = num_streams if self.backend == 'openvino' else 1
        self.show_progress = show_progress

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks of the model."""
        return self.predictor.tasks

    def _init_pipeline(self, cfg: Any) -> None:
        """Not used: pictures are read by :func:`read_pictures`."""

    def __call__(  # type: ignore[override]
            self,
            inputs: Source | Sequence[Source],
            return_datasamples: bool = False,
            batch_size: int = 1,
            **kwargs: Any) -> dict[str, list]:
        """Predict pictures.

        Args:
            inputs: A path, folder, pattern, ``file://`` URL, bytes,
                ``PIL.Image``, array (RGB, see
                :func:`~upocr_mm.apis.picture.read_pictures`), or a list.
            return_datasamples: Whether predictions are ``SegDataSample``
                instead of dicts.
            batch_size: Pictures, or tiles of one, in one pass.
            **kwargs: Fields of
                :class:`~upocr_mm.apis.options.PredictOptions`; ``out_dir``, a
                folder for the results; ``return_vis``, whether to return
                pictures that show all results side by side; ``max_pixels`` of
                a picture.

        Returns:
            ``predictions``, for each picture (or page) the fields of
            :class:`~upocr_mm.apis.prediction.Prediction`, and
            ``visualization``, uint8 RGB arrays, empty unless asked for.

        Raises:
            FileNotFoundError: An input does not exist.
            ValueError: An argument is not as described, an input is no
                picture, or a result would take the place of an input, or of
                a file beside it.
        """
        preprocess, options, visualize, postprocess = self._dispatch_kwargs(
            **kwargs)
        out_dir = postprocess.get('out_dir')
        out_dir = Path(out_dir) if out_dir else None
        results: dict[str, list] = dict(predictions=[], visualization=[])
        sources = with_unique_names(find_sources(inputs))
        guard = OverwriteGuard(source for source, _ in sources
                               if isinstance(source, Path))
        if out_dir:
            for _, relative in sources:
                guard.check(result_files(out_dir, relative).values())
        if self.show_progress:
            sources = track(sources, description='Inference')
        pages = ((page, source) for source in sources
                 for page in read_pictures(source.source, **preprocess))
        for batch in _chunks(pages, batch_size):
            predictions = self.predict([page for page, _ in batch], **options)
            for prediction, (_, source) in zip(predictions, batch):
                if visualize.get('return_vis'):
                    results['visualization'] += self.visualize([],
                                                               [prediction])
                if out_dir:
                    self._save(prediction, out_dir, source.relative, guard)
                results['predictions'] += self.postprocess(
                    [prediction], [], return_datasamples)['predictions']
        return results

    @staticmethod
    def _save(prediction: Prediction, folder: Path, relative: Path,
              guard: OverwriteGuard) -> None:
        picture = prediction.picture
        files = result_files(folder, relative, None, picture.page,
                             picture.num_pages)
        guard.claim(files.values())
        save_prediction(prediction, folder, relative)

    def predict(self, pictures: Sequence[Picture],
                **options: Any) -> list[Prediction]:
        """Predict pictures that have been read.

        Args:
            pictures: As many as fit into one pass of the model.
            **options: See :class:`~upocr_mm.apis.options.PredictOptions`.

        Returns:
            What was found in each.

        Raises:
            ValueError: An option is not as described.
        """
        return [finish() for finish in self.compute(pictures, **options)]

    def compute(self, pictures: Sequence[Picture],
                **options: Any) -> list[Callable[[], Prediction]]:
        """Run the model, and leave the rest to the caller.

        So another thread can read the outputs while the model goes on.

        Args:
            pictures: As many as fit into one pass of the model.
            **options: See :class:`~upocr_mm.apis.options.PredictOptions`.

        Returns:
            For each picture what makes its prediction; it raises
            ``ValueError`` if a mask has another size than the picture.

        Raises:
            ValueError: An option is not as described.
        """
        wanted = self.check(**options)
        asked = self._asked_tasks(wanted)
        overlap = self.size // 4 if wanted.overlap is None else wanted.overlap
        predictor = self.predictor
        if wanted.tta:
            predictor = TTAPredictor(predictor)
        results = predict_pictures(pictures, predictor,
                                   self._needed_tasks(asked, wanted),
                                   self.size, wanted.sizing, overlap)
        return [
            partial(interpret, picture, images, sizing, self.codecs, asked,
                    wanted, self.size)
            for picture, (images, sizing) in zip(pictures, results)
        ]

    def check(self, **options: Any) -> PredictOptions:
        """Check options without a picture.

        Args:
            **options: See :class:`~upocr_mm.apis.options.PredictOptions`.

        Returns:
            The options.

        Raises:
            ValueError: An option is not as described, or the model does not
                have a task.
        """
        wanted = PredictOptions(**options)
        if wanted.overlap is not None and wanted.overlap > self.size // 2:
            raise ValueError(f'overlap must be at most {self.size // 2}, half '
                             f'a tile, but got {wanted.overlap}')
        self._needed_tasks(self._asked_tasks(wanted), wanted)
        return wanted

    def _asked_tasks(self, options: PredictOptions) -> list[str]:
        """The tasks of which results are wanted, in the model's order."""
        if options.tasks == 'all':
            return list(self.tasks)
        asked = options.tasks
        asked = [asked] if isinstance(asked, str) else list(asked)
        unknown = [task for task in asked if task not in self.tasks]
        if unknown or not asked:
            raise ValueError(f"tasks must be 'all' or some of "
                             f'{list(self.tasks)}, which the model has, but '
                             f'got {options.tasks!r}')
        return [task for task in self.tasks if task in asked]

    def _needed_tasks(self, asked: list[str],
                      options: PredictOptions) -> list[str]:
        """Those asked for, and the segmentation if it is the mask."""
        if (REMOVAL in asked and options.composite == 'text'
                and isinstance(options.mask, str)
                and options.mask == 'segmentation'
                and SEGMENTATION not in asked):
            if SEGMENTATION not in self.tasks:
                raise ValueError(
                    f'the model has no task {SEGMENTATION!r}, which '
                    "mask='segmentation' needs; use mask='change' (--mask "
                    "change) or composite='none' (--composite none)")
            return [task for task in self.tasks
                    if task in (*asked, SEGMENTATION)]  # yapf: disable
        return asked

    def visualize(self,
                  inputs: list,
                  preds: Sequence[Prediction],
                  return_vis: bool = True,
                  **kwargs: Any) -> list[np.ndarray]:
        """All results of a picture side by side.

        Args:
            inputs: Not used; predictions know their picture.
            preds: The predictions.
            return_vis: See :meth:`__call__`.

        Returns:
            uint8 RGB arrays.
        """
        return [sheet(prediction) for prediction in preds]

    def postprocess(self,
                    preds: Sequence[Prediction],
                    visualization: list[np.ndarray],
                    return_datasamples: bool = False,
                    **kwargs: Any) -> dict[str, list]:
        """Predictions in mmengine's form; see :meth:`__call__`."""
        convert = to_data_sample if return_datasamples else Prediction.to_dict
        return dict(
            predictions=[convert(prediction) for prediction in preds],
            visualization=visualization)

    @staticmethod
    def list_models(scope: str | None = None,
                    patterns: str = '.*') -> list[str]:
        """Names and aliases of the models that come with this package.

        Args:
            scope: Not used; mmengine's has other packages.
            patterns: Regular expression that they begin with.
        """
        return [
            name for entry in model_index.list_models(patterns)
            for name in model_index.names_of(entry)
        ]


def to_data_sample(prediction: Prediction) -> SegDataSample:
    """A prediction as MMSegmentation has it.

    Args:
        prediction: The prediction.

    Returns:
        A sample with ``pred_<task>`` (3, H, W), float32 RGB in [0, 1], for
        each task, and what else there is: ``pred_text_free`` likewise,
        ``pred_text_mask`` and ``pred_classes`` (1, H, W); the summary is its
        metainfo.
    """
    sample = SegDataSample(metainfo=prediction.summary())
    pictures = dict(prediction.images)
    if prediction.text_free is not None:
        pictures['text_free'] = prediction.text_free
    for name, image in pictures.items():
        data = torch.from_numpy(image).permute(2, 0, 1).float() / 255
        sample.set_data({f'pred_{name}': PixelData(data=data)})
    for name in ('text_mask', 'classes'):
        value = getattr(prediction, name)
        if value is not None:
            data = torch.from_numpy(value)[None]
            sample.set_data({f'pred_{name}': PixelData(data=data)})
    return sample


def _chunks(items: Iterable, size: int) -> Iterator[list]:
    items = iter(items)
    while chunk := list(itertools.islice(items, size)):
        yield chunk
