"""The page in the browser."""
from __future__ import annotations
import tempfile
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import gradio as gr
import numpy as np
from fastapi import FastAPI
from PIL import Image

from ..compositing import PRESETS
from ..interpreting import REMOVAL, SEGMENTATION, TAMPERING
from ..options import SIZINGS
from ..picture import read_pictures
from ..prediction import Prediction
from ..saving import FORMATS, result_images, save_image
from ..sources import SourceFile, with_unique_names
from .archive import results_archive
from .service import BusyError, PredictionService

LABELS = {
    REMOVAL: 'Text removal',
    SEGMENTATION: 'Text segmentation',
    TAMPERING: 'Tampered text detection'
}
CAPTIONS = dict(
    removal_mask='Changed',
    text_mask='Text',
    strokes='Strokes, on transparent ground',
    tampered='Real (green) and tampered (red) text',
    classes='Classes')
ONLY, KEEP, ALL = ('Remove text only there', 'Keep the text there',
                   'Replace everything there')
# Longer side of what the page shows; downloads have all pixels.
SHOWN = 1600
# What is written lives this long, in seconds.
LIFETIME = 3600
# Fonts of the system: others would be fetched from elsewhere.
FONTS = dict(
    font=['system-ui', 'sans-serif'], font_mono=['ui-monospace', 'monospace'])


def add_page(app: FastAPI, service: PredictionService,
             max_bytes: int) -> FastAPI:
    """Add the page to an application, at ``/``.

    Args:
        app: The application.
        service: The model.
        max_bytes: Largest size of an upload, in bytes.

    Returns:
        The application.
    """
    return gr.mount_gradio_app(
        app,
        build_page(service),
        path='/',
        max_file_size=max_bytes,
        footer_links=[],
        ssr_mode=False,
        theme=gr.themes.Default(**FONTS))


def build_page(service: PredictionService) -> gr.Blocks:
    """The page: one picture with all results, and many as an archive.

    Args:
        service: The model.
    """
    tasks = service.inferencer.tasks
    choices = [(LABELS.get(task, task), task) for task in tasks]
    private = dict(api_visibility='private')
    with gr.Blocks(
            title='UPOCR',
            analytics_enabled=False,
            delete_cache=(LIFETIME, LIFETIME)) as page:
        gr.Markdown('# UPOCR\nText removal, text segmentation and tampered '
                    'text detection. Pictures stay on this machine.')
        with gr.Tab('Picture'), gr.Row():
            with gr.Column():
                picture = gr.Image(
                    label='Picture: drop, paste or choose it',
                    sources=['upload', 'clipboard'],
                    image_mode=None,
                    type='filepath',
                    elem_id='picture')
                # The file as it is: gradio's would lose 16 bits and profiles.
                picture.preprocess = _path_of
                asked = gr.CheckboxGroup(
                    choices, value=list(tasks), label='Tasks')
                preset, sizing = _settings()
                with gr.Accordion('Only a part of the picture', open=False):
                    painted = gr.Radio([ONLY, KEEP, ALL],
                                       value=ONLY,
                                       label='Where it is painted')
                    editor = gr.ImageEditor(
                        type='pil',
                        sources=[],
                        transforms=[],
                        layers=False,
                        brush=gr.Brush(
                            colors=[('#ff3b30', 0.6)], color_mode='fixed'),
                        label='Paint',
                        elem_id='paint')
                run = gr.Button('Run', variant='primary', elem_id='run')
            with gr.Column():
                slider = gr.ImageSlider(
                    label='Before | after', type='pil', interactive=False)
                found = gr.Markdown(elem_id='found')
                with gr.Row():
                    clean = gr.DownloadButton(
                        'Picture without text',
                        interactive=False,
                        elem_id='clean')
                    archive = gr.DownloadButton(
                        'Everything (ZIP)',
                        interactive=False,
                        elem_id='everything')
                masks = gr.Gallery(label='Masks', columns=2, format='png')
                details = gr.JSON(label='Regions', open=False)
            results = [slider, found, clean, archive, masks, details]
            picture.change(_no_results, None, results, **private)
            picture.change(_to_paint, picture, editor, **private)
            run.click(
                _guarded(_run_one, service),
                [picture, asked, preset, sizing, painted, editor], results,
                **private)
        with gr.Tab('Batch'):
            files = gr.File(
                label='Pictures',
                file_count='multiple',
                type='filepath',
                elem_id='files')
            batch_tasks = gr.CheckboxGroup(
                choices, value=list(tasks), label='Tasks')
            batch_preset, batch_sizing = _settings()
            run_all = gr.Button('Run', variant='primary', elem_id='run_all')
            batch_archive = gr.DownloadButton(
                'Results (ZIP)', interactive=False, elem_id='batch_archive')
            table = gr.Dataframe(
                headers=['Picture', 'Result'], interactive=False)
            run_all.click(
                _guarded(_run_many, service),
                [files, batch_tasks, batch_preset, batch_sizing],
                [batch_archive, table], **private)
    return page.queue(max_size=service.max_waiting)


def _settings() -> tuple[gr.Radio, gr.Radio]:
    preset = gr.Radio(
        list(PRESETS), value='normal', label='How much counts as text')
    sizing = gr.Radio(
        list(SIZINGS),
        value='auto',
        label='Size',
        info='As a whole (resize), or in tiles, for large pictures')
    return preset, sizing


def _path_of(payload: Any) -> str | None:
    return None if payload is None else payload.path


def _guarded(function: Callable, service: PredictionService) -> Callable:
    """Bind the service; errors of the user's become a message of the page."""

    def handler(*inputs: Any, progress: gr.Progress = gr.Progress()) -> Any:
        try:
            yield from function(service, progress, *inputs)
        except (ValueError, BusyError, OSError) as error:
            raise gr.Error(str(error), print_exception=False) from None

    return handler


def _no_results() -> tuple:
    """Those of another picture must not stay."""
    return (None, '', gr.DownloadButton(interactive=False),
            gr.DownloadButton(interactive=False), None, None)


def _to_paint(path: str | None) -> dict[str, Any] | None:
    """The picture, smaller, to paint on."""
    if path is None:
        return None
    try:
        page = next(read_pictures(path, _name(path)))
    except ValueError as error:
        raise gr.Error(str(error), print_exception=False) from None
    image = _shown(Image.fromarray(page.rgb))
    return dict(background=image, layers=[], composite=None)


def _run_one(service: PredictionService, progress: gr.Progress,
             path: str | None, tasks: Sequence[str], preset: str, sizing: str,
             painted: str, editor: dict | None) -> Iterator[tuple]:
    if path is None:
        raise ValueError('choose a picture first')
    if not tasks:
        raise ValueError('choose a task')
    name = _name(path)
    progress(0, desc='Waiting')
    options: dict[str, Any] = dict(tasks=tasks, preset=preset, sizing=sizing)
    mask = _painted_mask(editor)
    if mask is not None and REMOVAL in tasks:
        height, width = next(read_pictures(path, name)).size
        mask = np.asarray(Image.fromarray(mask).resize((width, height), 0))
        field = {ONLY: 'regions', KEEP: 'keep', ALL: 'mask'}[painted]
        options[field] = mask
    predictions = service.predict(path, name, **options)
    first = predictions[0]
    images = {
        key: _shown(image)
        for key, image in result_images(first).items()
    }
    clean = images.pop('text_free', None)
    if clean is not None:  # also where the picture has 16 bits
        clean = _shown(Image.fromarray(first.text_free))
    with tempfile.TemporaryDirectory() as folder:
        file = None
        if clean is not None:
            suffix = Path(name).suffix.lower()
            suffix = suffix if suffix in FORMATS else '.png'
            suffix = '.png' if suffix in ('.jpg', '.jpeg') else suffix
            file = Path(folder, f'{Path(name).stem}_text_free{suffix}')
            save_image(first.clean_picture(), file, first.picture)
        packed = Path(folder, f'{Path(name).stem}.zip')
        packed.write_bytes(results_archive([(Path(name), predictions)]))
        shown = _shown(Image.fromarray(first.picture.rgb))
        # gradio keeps copies of what a generator yields.
        yield ((shown, clean or images.get('tampered')
                or shown), describe(predictions),
               gr.DownloadButton(
                   value=file and str(file), interactive=file is not None),
               gr.DownloadButton(value=str(packed), interactive=True), [
                   (image, CAPTIONS[key]) for key, image in images.items()
               ], [p.summary() for p in predictions])


def _run_many(service: PredictionService, progress: gr.Progress,
              files: Sequence[str] | None, tasks: Sequence[str], preset: str,
              sizing: str) -> Iterator[tuple]:
    if not files:
        raise ValueError('choose some pictures first')
    if not tasks:
        raise ValueError('choose a task')
    rows: list[list[str]] = []

    def results() -> Iterator[tuple[Path, list[Prediction]]]:
        sources = with_unique_names(
            SourceFile(file, Path(_name(file))) for file in files)
        for file, relative in progress.tqdm(sources, unit='pictures'):
            try:
                predictions = service.predict(
                    file,
                    str(relative),
                    tasks=tasks,
                    preset=preset,
                    sizing=sizing)
            except (ValueError, BusyError) as error:
                rows.append([str(relative), str(error)])
                continue
            rows.append([str(relative), 'done'])
            yield relative, predictions

    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder, 'upocr_results.zip')
        packed.write_bytes(results_archive(results()))
        done = any(text == 'done' for _, text in rows)
        # gradio keeps a copy of what a generator yields.
        yield (gr.DownloadButton(
            value=str(packed) if done else None, interactive=done), rows)


def describe(predictions: Sequence[Prediction]) -> str:
    """What was found in the pages of a picture, in a few words."""
    lines = []
    for prediction in predictions:
        parts = []
        if prediction.text_regions is not None:
            count = len(prediction.text_regions)
            parts.append(f'{count} region{"s" * (count != 1)} of text')
        if prediction.removal_mask is not None:
            parts.append(f'{prediction.removal_mask.mean():.1%} of the '
                         'picture changed')
        if prediction.is_tampered is not None:
            word = 'found' if prediction.is_tampered else 'not found'
            parts.append(f'tampered text {word} '
                         f'({prediction.tampered_score:.2%} of the picture)')
        parts.append(f'computed by {prediction.sizing}')
        page = prediction.picture.page + 1
        prefix = f'Page {page}: ' if len(predictions) > 1 else ''
        lines.append(prefix + '; '.join(parts) + '.')
    return '\n\n'.join(lines)


def _painted_mask(editor: dict | None) -> np.ndarray | None:
    """Where something is painted, bool (H, W), or None."""
    mask = None
    for layer in (editor or {}).get('layers') or ():
        painted = np.asarray(layer.convert('RGBA').getchannel('A')) > 63
        if painted.any():
            mask = painted if mask is None else mask | painted
    return mask


def _shown(image: Image.Image) -> Image.Image:
    """A copy that is small enough to show."""
    image = image.convert('RGBA' if image.mode == 'RGBA' else 'RGB')
    image.thumbnail((SHOWN, SHOWN))
    return image


def _name(path: str) -> str:
    return Path(path).name
