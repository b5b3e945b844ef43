from __future__ import annotations
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from tiny_run import equal_but_for_rounding

from upocr_mm.apis import PredictOptions, UPOCRInferencer
from upocr_mm.apis.interpreting import interpret
from upocr_mm.apis.picture import Picture
from upocr_mm.deploy import load_model
from upocr_mm.models.task_codecs import BinaryMaskCodec
from upocr_mm.utils import model_index

# In the order of the model.
TASKS = ('text_removal', 'tampered_text_detection', 'text_segmentation')
SIZE = 32


def predict(inferencer: UPOCRInferencer, source, **options) -> dict:
    return inferencer(source, **options)['predictions'][0]


def test_fields_and_sizes(inferencer: UPOCRInferencer, photo: Path) -> None:
    assert inferencer.tasks == TASKS and inferencer.size == SIZE
    found = predict(inferencer, photo)
    assert (found['height'], found['width']) == (60, 90)
    for task in TASKS:
        assert found['images'][task].shape == (60, 90, 3)
        assert found['images'][task].dtype == np.uint8
    assert found['text_free'].shape == (60, 90, 3)
    for field in ('text_mask', 'removal_mask', 'text_probability', 'classes'):
        assert found[field].shape == (60, 90)
    assert found['tampered_score'] == pytest.approx(
        (found['classes'] == 2).mean(), abs=1e-6)


def test_resized_as_the_model_itself(inferencer: UPOCRInferencer,
                                     tiny_model: tuple[Path, Path],
                                     photo: Path) -> None:
    """The protocol of the paper, computed by hand."""
    found = predict(inferencer, photo, sizing='resize', composite='none')
    small = Image.open(photo).resize((SIZE, SIZE), Image.BICUBIC)
    small = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float()
    model = load_model(*tiny_model)
    outputs = model.predict_tasks(small / 255, TASKS)
    for task, output in zip(TASKS, outputs):
        large = F.interpolate(
            output.clamp(0, 1), (60, 90), mode='bilinear', align_corners=False)
        expected = large[0].permute(1, 2, 0).mul(255).numpy()
        difference = np.abs(found['images'][task] - expected)
        assert difference.mean() < 1
    assert np.array_equal(found['text_free'], found['images'][TASKS[0]])
    assert 'removal_mask' not in found


def test_test_time_augmentation(inferencer: UPOCRInferencer,
                                photo: Path) -> None:
    """A picture and its mirror image give the same; tampering their mean."""
    options = dict(sizing='resize', composite='none')
    rgb = np.asarray(Image.open(photo))
    both, mirrored_both, alone, mirrored = (
        predict(inferencer, image, tta=tta, **options)['images']
        for tta in (True, False) for image in (rgb, rgb[:, ::-1]))
    for task in TASKS:
        mean = (alone[task].astype(float) + mirrored[task][:, ::-1]) / 2
        is_mean = np.abs(both[task] - mean).max() <= 1.5
        assert is_mean == (task == 'tampered_text_detection')
        assert equal_but_for_rounding(both[task], mirrored_both[task][:, ::-1])
    assert not np.array_equal(both[TASKS[0]], alone[TASKS[0]])


def test_reduced_pictures_keep_fine_patterns(
        inferencer: UPOCRInferencer) -> None:
    """Lines of a pixel become gray, not what a grid of samples hits."""
    lines = np.zeros((16 * SIZE, 16 * SIZE, 3), np.uint8)
    lines[:, ::4] = 255
    seen = []
    handle = inferencer.predictor.model.backbone.register_forward_pre_hook(
        lambda _, args: seen.append(args[0]))
    predict(inferencer, lines, sizing='resize')
    handle.remove()
    assert seen[0][..., 2:-2].sub(0.25).abs().max() < 0.02


def test_one_pass_of_the_encoder(inferencer: UPOCRInferencer,
                                 photo: Path) -> None:
    passes = []
    handle = inferencer.predictor.model.backbone.register_forward_hook(
        lambda *_: passes.append(1))
    every = predict(inferencer, photo, sizing='resize')
    assert len(passes) == 1
    handle.remove()
    for task in TASKS:
        alone = predict(inferencer, photo, tasks=task, sizing='resize')
        assert list(alone['images']) == [task]
        assert equal_but_for_rounding(alone['images'][task],
                                      every['images'][task])


@pytest.mark.parametrize('options', [
    dict(),
    dict(mask='change'),
    dict(preset='careful', feather=0),
    dict(regions=[[5, 5, 40, 50]]),
    dict(mask='regions', regions=[[[5, 5], [40, 5], [40, 50]]]),
    dict(keep=[[0, 0, 89, 30]]),
    dict(sizing='tile'),
])
def test_nothing_but_the_mask_changes(inferencer: UPOCRInferencer, photo: Path,
                                      options: dict) -> None:
    found = predict(inferencer, photo, tasks='text_removal', **options)
    before = np.asarray(Image.open(photo))
    mask = found['removal_mask']
    assert np.array_equal(found['text_free'][~mask], before[~mask])
    if 'regions' in options:
        assert not mask[:, 50:].any()
    if 'keep' in options:
        assert not mask[:31].any()


def test_mask_of_the_user(inferencer: UPOCRInferencer, photo: Path) -> None:
    mask = np.zeros((60, 90), bool)
    mask[10:20, 30:40] = True
    found = predict(inferencer, photo, mask=mask, feather=0)
    assert np.array_equal(found['removal_mask'], mask)
    assert np.array_equal(found['text_free'][mask],
                          found['images']['text_removal'][mask])
    with pytest.raises(ValueError, match=r'size \(60, 90\).*has \(9, 9\)'):
        predict(inferencer, photo, mask=mask[:9, :9])


@pytest.mark.parametrize('preset, first', [('careful', 103 - 3),
                                           ('normal', 52 - 6),
                                           ('thorough', 26 - 10)])
def test_presets(preset: str, first: int) -> None:
    """Of a segmentation that rises by a gray level with each column: text is
    above 0.4, 0.2 or 0.1 of 255, and grows to the left."""
    ramp = np.tile(np.arange(256, dtype=np.uint8)[:, None], (40, 1, 3))
    black = np.zeros_like(ramp)
    picture = Picture(black, 'a', 0, 1, black, None, False, None, {})
    found = interpret(picture, {
        'text_removal': ramp,
        'text_segmentation': ramp
    }, 'resize', dict(text_segmentation=BinaryMaskCodec(0.3)),
                      ['text_removal', 'text_segmentation'],
                      PredictOptions(preset=preset), 256)
    mask = np.tile(np.arange(256) >= first, (40, 1))
    assert np.array_equal(found.removal_mask, mask)
    # The strokes themselves are those of the codec.
    assert np.array_equal(found.text_mask,
                          np.tile(np.arange(256) > 76, (40, 1)))


def test_batches_change_nothing(inferencer: UPOCRInferencer,
                                photo: Path) -> None:
    turned = np.rot90(np.asarray(Image.open(photo)))
    sources = [photo, turned, photo]
    for sizing in ('resize', 'tile', 'auto'):
        one = inferencer(sources, sizing=sizing)['predictions']
        three = inferencer(sources, sizing=sizing, batch_size=3)['predictions']
        for a, b in zip(one, three):
            assert equal_but_for_rounding(a['text_free'], b['text_free'])
            assert a['sizing'] == b['sizing']


def test_auto_says_what_it_did(inferencer: UPOCRInferencer) -> None:
    small, large = np.zeros((40, 40, 3)), np.zeros((200, 40, 3))
    assert predict(inferencer, small)['sizing'] == 'resize: small picture'
    assert 'resized picture' in predict(inferencer, large)['sizing']
    assert predict(inferencer, large, sizing='tile')['sizing'] == 'tile'


def test_results_as_files(inferencer: UPOCRInferencer, photo: Path,
                          tmp_path: Path) -> None:
    out = tmp_path / 'out'
    result = inferencer(photo.parent, out_dir=out, return_vis=True)
    found, = result['predictions']
    assert sorted(file.name for file in out.iterdir()) == [
        'photo.json', 'photo_classes.png', 'photo_removal_mask.png',
        'photo_strokes.png', 'photo_tampered.jpg', 'photo_text_free.png',
        'photo_text_mask.png'
    ]
    saved = np.asarray(Image.open(out / 'photo_text_free.png'))
    assert np.array_equal(saved, found['text_free'])
    mask = np.asarray(Image.open(out / 'photo_text_mask.png'))
    assert np.array_equal(mask, found['text_mask'] * np.uint8(255))
    strokes = np.asarray(Image.open(out / 'photo_strokes.png'))
    assert np.array_equal(strokes[..., 3] > 0, found['text_mask'])
    summary = json.loads((out / 'photo.json').read_text())
    assert summary['text_regions'] == found['text_regions']
    assert result['visualization'][0].shape == (60, 4 * 90, 3)


def test_data_samples(inferencer: UPOCRInferencer, photo: Path) -> None:
    sample, = inferencer(photo, return_datasamples=True)['predictions']
    assert sample.pred_text_free.data.shape == (3, 60, 90)
    assert sample.pred_text_mask.data.shape == (1, 60, 90)
    assert sample.width == 90


@pytest.mark.parametrize('backend', ['openvino', 'onnxruntime'])
def test_runtimes_agree_with_torch(inferencer: UPOCRInferencer,
                                   tiny_model: tuple[Path, Path], photo: Path,
                                   backend: str, tmp_path: Path,
                                   monkeypatch) -> None:
    pytest.importorskip(backend)
    monkeypatch.setenv('UPOCR_CACHE', str(tmp_path / 'cache'))
    other = UPOCRInferencer(
        *tiny_model, device='cpu', backend=backend, show_progress=False)
    assert backend in other.predictor.name
    found, expected = predict(other, photo), predict(inferencer, photo)
    for task in TASKS:
        assert equal_but_for_rounding(found['images'][task],
                                      expected['images'][task])
    # exported once, and again if the file is damaged
    file, = (tmp_path / 'cache').glob('*.onnx')
    time = file.stat().st_mtime_ns
    UPOCRInferencer(*tiny_model, backend=backend)
    assert file.stat().st_mtime_ns == time
    file.write_bytes(file.read_bytes()[:1000])
    again = UPOCRInferencer(*tiny_model, backend=backend, show_progress=False)
    assert np.array_equal(
        predict(again, photo)['text_free'], found['text_free'])


@pytest.mark.parametrize('options, message', [
    (dict(tasks='ocr'), r"tasks must be 'all' or some of .*'ocr'"),
    (dict(tasks=[]), r'tasks.* got \[\]'),
    (dict(sizing='crop'), "sizing must be one of .*'crop'"),
    (dict(overlap=17), 'overlap must be at most 16.* 17'),
    (dict(overlap=-1), 'overlap must be an integer of at least 0'),
    (dict(tta='yes'), "tta must be True or False, but got 'yes'"),
    (dict(composite='yes'), "composite must be one of .*'yes'"),
    (dict(preset='bold'), "preset must be one of .*'bold'"),
    (dict(mask='words'), "mask must be one of .*'words'"),
    (dict(mask=np.zeros(3)), r'shape \(H, W\), but got \(3,\)'),
    (dict(mask='regions'), "mask='regions' needs regions"),
    (dict(threshold=2), r'threshold must lie in \[0, 1\].* 2'),
    (dict(dilation=1.5), 'dilation must be an integer.*1.5'),
])
def test_bad_options(inferencer: UPOCRInferencer, photo: Path, options: dict,
                     message: str) -> None:
    with pytest.raises(ValueError, match=message):
        inferencer(photo, **options)


def test_bad_models(tiny_model: tuple[Path, Path], tmp_path: Path) -> None:
    config, weights = tiny_model
    for arguments, error, message in (
        (('none', ), ValueError, "no model 'none'"),
        (('none.py', weights), FileNotFoundError, 'none.py does not exist'),
        ((config, ), ValueError, 'no weights come with the model'),
        ((config, 'no.pth'), FileNotFoundError, 'no.pth does not exist'),
    ):
        with pytest.raises(error, match=message):
            UPOCRInferencer(*arguments)
    for field, value in (('backend', 'tensorrt'), ('dtype', 'int4'), ('size',
                                                                      33)):
        with pytest.raises(ValueError, match=f'{field} must be'):
            UPOCRInferencer(config, weights, **{field: value})
    with pytest.raises(
            ValueError, match="float16.* needs the backend 'torch'"):
        UPOCRInferencer(
            config, weights, backend='openvino', dtype='float16', device='cpu')
    for device in 'foo', 'cuda:77':
        with pytest.raises(ValueError, match=f"'{device}' cannot be used"):
            UPOCRInferencer(*tiny_model, device=device)
    with pytest.raises(ValueError, match="runs on CPUs.*'cuda'"):
        UPOCRInferencer(config, weights, device='cuda', backend='openvino')


def test_weights_of_the_package(tiny_model: tuple[Path, Path], photo: Path,
                                tmp_path: Path, monkeypatch) -> None:
    """They are the default, and used only if they are those of the index."""
    config, weights = tiny_model
    content = weights.read_bytes()
    entry = dict(
        Name='small',
        Config=str(config),
        Weights='configs/small.pth',
        Metadata=dict(SHA256=hashlib.sha256(content).hexdigest()))
    monkeypatch.setattr(model_index, 'list_models', lambda: [entry])
    monkeypatch.setattr(model_index, 'config_root', lambda: tmp_path)
    with pytest.raises(FileNotFoundError, match='small.pth.*do not exist'):
        UPOCRInferencer('small', backend='torch')
    file = tmp_path / 'configs' / 'small.pth'
    file.parent.mkdir()
    file.write_bytes(content)
    inferencer = UPOCRInferencer('small', backend='torch', show_progress=False)
    assert inferencer(photo)['predictions'][0]['text_free'].shape == (60, 90,
                                                                      3)
    file.write_bytes(content[:-1] + b'.')
    with pytest.raises(ValueError, match='small.pth is damaged or was exch'):
        UPOCRInferencer('small', backend='torch')


def test_models_by_name() -> None:
    names = UPOCRInferencer.list_models()
    assert 'upocr_swinv2-s_2xb24-80k_joint-512x512' in names
    assert 'upocr_swinv2-n' in UPOCRInferencer.list_models(
        patterns='upocr_swinv2-n')


def test_options_are_documented() -> None:
    for field in PredictOptions.__dataclass_fields__:
        assert f'\n        {field}: ' in PredictOptions.__doc__
