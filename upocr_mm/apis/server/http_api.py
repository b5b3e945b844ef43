"""The HTTP interface: a picture in, a picture or JSON out."""
from __future__ import annotations
import io
import re
from inspect import signature
from pathlib import Path
from typing import Any, Literal, Optional
from urllib.parse import quote

from fastapi import Depends, FastAPI, File, Form, Request, Response, UploadFile
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import JSONResponse
from PIL import Image
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...version import __version__
from ..compositing import MAX_GROWTH, PRESETS, parse_shapes
from ..interpreting import REMOVAL, SEGMENTATION, TAMPERING
from ..options import COMPOSITES, MASKS, SIZINGS
from ..picture import TooLargeError, UnreadableError, read_pictures
from ..prediction import Prediction
from ..saving import QUALITY, result_images, write_image
from .archive import results_archive
from .service import BusyError, PredictionService

# Route -> tasks, and the picture that is its answer.
ROUTES = dict(
    remove=([REMOVAL], 'text_free', 'The picture without its text.'),
    segment=([SEGMENTATION], 'text_mask', 'The strokes of text, as a mask.'),
    detect=([TAMPERING], 'tampered', 'Real and tampered text, outlined.'),
)
MEDIA = dict(
    png='image/png', jpg='image/jpeg', webp='image/webp', tif='image/tiff')
# Bytes of a request beside those of its files.
FORM_BYTES = 2**20
# Of the name of an upload; results have longer ones.
NAME_BYTES = 150
Answer = Literal['image', 'json']
ImageFormat = Literal[tuple(MEDIA)]  # type: ignore[valid-type]
Sizing = Literal[SIZINGS]  # type: ignore[valid-type]
Preset = Literal[tuple(PRESETS)]  # type: ignore[valid-type]
Composite = Literal[COMPOSITES]  # type: ignore[valid-type]
Mask = Literal[MASKS]  # type: ignore[valid-type]
# FastAPI reads these annotations; Python 3.9 knows no `X | None` there.
OptionalFile = Optional[UploadFile]
OptionalInt = Optional[int]
OptionalFloat = Optional[float]
OptionalStr = Optional[str]


class UploadLimit:
    """Refuses requests whose body is too large before they are stored.

    Args:
        app: The application behind it.
        max_bytes: Largest number of bytes of a body.
        prefix: Paths that it is for.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, prefix: str) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive,
                       send: Send) -> None:
        """See ASGI."""
        if scope['type'] != 'http' or not scope['path'].startswith(
                self.prefix):
            await self.app(scope, receive, send)
            return
        announced = dict(scope['headers']).get(b'content-length', b'0')
        if announced.isdigit() and int(announced) > self.max_bytes:
            await JSONResponse(dict(detail=self._sentence()),
                               413)(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get('body', b''))
            if received > self.max_bytes:
                raise HTTPException(413, self._sentence())
            return message

        await self.app(scope, counted, send)

    def _sentence(self) -> str:
        return f'the upload is larger than {self.max_bytes} bytes'


def picture_options(
    sizing: Sizing = Form('auto', description='As a whole or in tiles.'),
    tta: bool = Form(
        False,
        description='Average with the mirror image and with both reduced: '
        'better, in four times the time.'),
    threshold: OptionalFloat = Form(
        None, description='Above which the segmentation is text, 0 to 1.'),
) -> dict[str, Any]:
    """Fields of every request."""
    return dict(sizing=sizing, tta=tta, threshold=threshold)


def removal_options(
    preset: Preset = Form('normal', description='How much counts as text.'),
    dilation: OptionalInt = Form(
        None, description=f'Growth of the text, 0 to {MAX_GROWTH} pixels.'),
    feather: OptionalInt = Form(
        None,
        description='Pixels over which new and old blend, 0 to '
        f'{MAX_GROWTH}.'),
    composite: Composite = Form(
        'text',
        description='text: nothing but the text changes; none: the output of '
        'the model as it is.'),
    mask: Mask = Form('segmentation', description='What text is.'),
    mask_image: OptionalFile = File(
        None,
        description='A mask instead, of the size of the picture, not black '
        'where text is.'),
    regions: OptionalStr = Form(
        None,
        description='JSON: boxes [x1, y1, x2, y2] and polygons [[x, y], ...]; '
        'text is removed only there.'),
    keep: OptionalStr = Form(
        None, description='The same; text is not removed there.'),
) -> dict[str, Any]:
    """Fields of requests that remove text."""
    options: dict[str, Any] = dict(
        preset=preset,
        dilation=dilation,
        feather=feather,
        composite=composite,
        mask=mask,
        regions=_shapes(regions, 'regions'),
        keep=_shapes(keep, 'keep'))
    if mask_image is not None:
        page = next(read_pictures(mask_image.file.read(), 'mask_image'))
        options['mask'] = page.rgb.max(2) > 127
    return options


def no_options() -> dict[str, Any]:
    """Further fields of requests that remove no text: none."""
    return {}


def _shapes(text: str | None, field: str) -> Any:
    if not text:
        return None
    try:
        return parse_shapes(text)
    except ValueError as error:
        raise ValueError(f'{field} {error}') from None


async def known_fields(request: Request) -> None:
    """Refuse fields that would have no effect."""
    form = await request.form()
    name = request.url.path.rsplit('/', 1)[-1]
    allowed = {'image', *signature(picture_options).parameters}
    if name != 'all':
        allowed |= {'answer', 'format', 'quality', 'page'}
    if name in ('all', 'remove'):
        allowed |= set(signature(removal_options).parameters)
    unknown = sorted(set(form) - allowed)
    if unknown:
        raise ValueError(f'there is no field {unknown[0][:60]!r}; allowed are '
                         f'{sorted(allowed)}')
    for field in form:
        number = len(form.getlist(field))
        if number > 1:
            raise ValueError(f'{field} must be given once, but got {number} '
                             'of them')


def create_app(service: PredictionService, max_bytes: int) -> FastAPI:
    """The application, without the page.

    Args:
        service: The model.
        max_bytes: Largest size of an upload, in bytes.

    Returns:
        ``POST /v1/remove``, ``/v1/segment``, ``/v1/detect`` and ``/v1/all``,
        ``GET /v1/info``, and their description at ``/openapi.json``. Errors
        are JSON with one sentence in ``detail``: 404 for a task that the
        model does not have, 413 for what is too large, 415 for what is no
        picture, 422 for an option that is not as described, 503 if too many
        pictures wait, 507 if the disk is full.
    """
    app = FastAPI(
        title='UPOCR',
        version=__version__,
        description='Text removal, text segmentation and tampered text '
        'detection.',
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None)
    app.add_middleware(
        UploadLimit, max_bytes=max_bytes + FORM_BYTES, prefix='/v1/')
    for kind, code in ((ValueError, 422), (UnreadableError, 415),
                       (TooLargeError, 413), (BusyError, 503), (OSError, 507)):
        app.add_exception_handler(kind, _answer_with(code))
    app.add_exception_handler(RequestValidationError, _bad_field)
    for name in ROUTES:
        _add_route(app, service, name)

    @app.post(
        '/v1/all',
        dependencies=[Depends(known_fields)],
        summary='Everything: pictures, masks and JSON, as a ZIP file.',
        response_class=Response,
        responses={200: dict(content={'application/zip': {}})})
    def predict_all(
            image: UploadFile = File(description='The picture.'),
            common: dict = Depends(picture_options),
            removal: dict = Depends(removal_options),
    ) -> Response:
        options = dict(common, **(removal if REMOVAL in tasks else {}))
        name = _name_of(image)
        predictions = service.predict(image.file.read(), name, **options)
        content = results_archive([(Path(name), predictions)])
        return _download(content, f'{Path(name).stem}.zip', 'application/zip')

    tasks = service.inferencer.tasks

    @app.get('/v1/info', summary='The model and the limits.')
    def info() -> dict[str, Any]:
        return dict(
            version=__version__,
            runs_on=service.inferencer.predictor.name,
            tasks=list(tasks),
            size=service.inferencer.size,
            max_bytes=max_bytes,
            max_pixels=service.max_pixels,
            waiting=service.waiting)

    return app


def _add_route(app: FastAPI, service: PredictionService, name: str) -> None:
    tasks, main_image, what = ROUTES[name]
    special = removal_options if name == 'remove' else no_options

    @app.post(
        f'/v1/{name}',
        dependencies=[Depends(known_fields)],
        name=name,
        summary=what,
        response_class=Response,
        responses={
            200:
            dict(content={
                **{
                    media: {}
                    for media in MEDIA.values()
                }, 'application/json': {}
            })
        })
    def predict(
            image: UploadFile = File(description='The picture.'),
            answer: Answer = Form(
                'image', description='A picture, or what was found as JSON.'),
            format: ImageFormat = Form('png', description='Of the answer.'),
            quality: int = Form(
                QUALITY, ge=1, le=100, description='Of JPEG and WebP.'),
            page: int = Form(
                1, ge=1, description='Which page the answer shows.'),
            common: dict = Depends(picture_options),
            removal: dict = Depends(special),
    ) -> Response:
        missing = [t for t in tasks if t not in service.inferencer.tasks]
        if missing:
            raise HTTPException(
                404, f'the model has no task {missing[0]!r}, only '
                f'{list(service.inferencer.tasks)}')
        predictions = service.predict(
            image.file.read(),
            _name_of(image),
            tasks=tasks,
            **common,
            **removal)
        if answer == 'json':
            return JSONResponse(dict(pages=[p.summary() for p in predictions]))
        if page > len(predictions):
            raise ValueError(f'page must be at most {len(predictions)}, the '
                             f'number of pages, but got {page}')
        prediction = predictions[page - 1]
        content = encode_result(prediction, main_image, f'.{format}', quality)
        stem = Path(_name_of(image)).stem
        return _download(content, f'{stem}.{format}', MEDIA[format])


def encode_result(prediction: Prediction, name: str, suffix: str,
                  quality: int) -> bytes:
    """One picture of a prediction as a file.

    Args:
        prediction: The prediction.
        name: Which one, see :func:`~upocr_mm.apis.saving.result_images`.
        suffix: Suffix of the format.
        quality: Of JPEG and WebP, 1 to 100.
    """
    image: Image.Image = result_images(prediction)[name]
    info = prediction.picture.info if name == 'text_free' else {}
    stream = io.BytesIO()
    write_image(image, stream, suffix, info, quality)
    return stream.getvalue()


def _name_of(image: UploadFile) -> str:
    """The name of an upload, as those of results can begin with it."""
    name = re.split(r'[/\\]', image.filename or '')[-1]
    # Also a NUL, what changes the direction of texts, and half characters.
    name = ''.join(c if c.isprintable() else '_' for c in name)
    path = Path(name)
    stem, suffix = path.stem, path.suffix
    if len(suffix.encode()) > NAME_BYTES // 10:
        stem, suffix = name, ''
    # File systems allow 255 bytes.
    stem = stem.encode()[:NAME_BYTES].decode(errors='ignore')
    return f'{stem}{suffix}' if stem.strip('. ') else f'picture{suffix}'


def _download(content: bytes, name: str, media: str) -> Response:
    # Header values are Latin-1; browsers take the UTF-8 of RFC 5987.
    return Response(
        content,
        media_type=media,
        headers={
            'Content-Disposition': f"inline; filename*=UTF-8''{quote(name)}"
        })


def _answer_with(code: int) -> Any:

    def handle(request: Request, error: Exception) -> JSONResponse:
        headers = {'Retry-After': '10'} if code == 503 else None
        detail = str(error)
        if isinstance(error, OSError):  # its message has paths of the server
            detail = ('the server cannot store the results: '
                      f'{error.strerror or "a file cannot be written"}')
        return JSONResponse(dict(detail=detail), code, headers)

    return handle


def _bad_field(request: Request,
               error: RequestValidationError) -> JSONResponse:
    """One sentence instead of FastAPI's list."""
    first = error.errors()[0]
    field = first['loc'][-1]
    if 'UploadFile' in first['msg']:
        return JSONResponse(
            dict(detail=f'{field} must be a file, with a name'), 422)
    return JSONResponse(dict(detail=f'{field}: {first["msg"]}'), 422)
