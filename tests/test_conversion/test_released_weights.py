"""Released weights in our form and back."""
from __future__ import annotations
import argparse
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpretrain.models.backbones import SwinTransformerV2
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from parity_data import parity_image
from reference_model import (DATA, TASKS, reference_model, reference_model_cfg,
                             reference_state_dict)
from tiny_run import tiny_cfg

from upocr_mm.conversion import convert_released, export_released, load_tensors
from upocr_mm.conversion.released_weights import (_swap_columns, detect_arch,
                                                  find_weights, kind_of,
                                                  tasks_of_run)

ROOT = Path(__file__).parents[2]
CONVERTERS = ROOT / 'tools' / 'model_converters'
PROMPTS = 'task_prompt.task_embedding.weight'
DATA_CONFIGS = [
    f'data_configs/train/{name}.yaml'
    for name in ('scut-enstext', 'tampered-ic13', 'textseg')
]


def run_tool(name: str, *arguments) -> subprocess.CompletedProcess:
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    return subprocess.run(
        [sys.executable, CONVERTERS / name, *map(str, arguments)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True)


def tables() -> dict[str, torch.Tensor]:
    """The derived tables, by the released names."""
    state = export_released(reference_model().state_dict())
    return {k: v for k, v in state.items() if 'relative_' in k}


@pytest.fixture(scope='module')
def released() -> dict[str, torch.Tensor]:
    """A released state dict, with what they carry besides."""
    vgg = {'vgg16.features.0.weight': torch.zeros(64, 3, 3, 3)}
    return dict(reference_state_dict(), **tables(), **vgg)


@pytest.fixture
def file(tmp_path: Path, released: dict) -> Path:
    """A file of their training."""
    path = tmp_path / 'upocr.pth'
    torch.save(
        dict(
            model={
                f'module.{k}': v
                for k, v in released.items()
            },
            optimizer=dict(state={0: torch.ones(3)}),
            epoch=np.int64(3),
            args=argparse.Namespace(lr=5e-4, data_cfg_paths=DATA_CONFIGS)),
        path)
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Configuration of the size of the reference numbers."""
    path = tmp_path / 'reference.py'
    Config(dict(model=reference_model_cfg())).dump(path)
    return path


def test_reference_outputs_through_the_tool(file: Path, config: Path,
                                            tmp_path: Path) -> None:
    """The file of their training gives their outputs, and goes back."""
    ours = tmp_path / 'ours.pth'
    done = run_tool('upocr2mm.py', file, ours, '--config', config)
    assert done.returncode == 0, done.stdout
    for line in ('weights of upocr', 'VGG-16 of the feature loss',
                 'computed from the window size', 'optimizer',
                 'unexpected      0', f'--checkpoint {ours}'):
        assert line in done.stdout
    content = torch.load(ours)
    assert content['meta']['upocr']['tasks'] == list(TASKS)
    palette = content['meta']['upocr']['palettes']['tampered_text_detection']
    assert palette == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]

    init_default_scope('mmseg')
    model = MODELS.build(Config.fromfile(config).model).eval()
    model.load_state_dict(content['state_dict'])
    expected = np.load(DATA / 'parity_forward_tiny.npz')
    image = torch.from_numpy(parity_image(1, 128, 160))[None]
    for task in TASKS:
        sample = SegDataSample(metainfo=dict(task=task))
        with torch.no_grad():
            images = model(image, [sample], mode='tensor')
        for name, out, step in zip(('quarter', 'half', 'full'), images,
                                   (1, 2, 4)):
            want = expected[f'out/{task}/{name}']
            found = out[0, :, ::step, ::step].numpy()
            assert np.abs(found - want).max() < 1e-4

    back = tmp_path / 'back.pth'
    done = run_tool('mm2upocr.py', ours, back)
    assert done.returncode == 0, done.stdout
    state = torch.load(back)['model']
    want = find_weights(load_tensors(str(file)))
    want.pop('vgg16.features.0.weight')
    assert set(state) == set(want)
    assert all(torch.equal(state[name], want[name]) for name in want)


def remove(state: dict) -> None:
    del state['proj.weight']


def rename(state: dict) -> None:
    state['proj.weights'] = state.pop('proj.weight')


def reshape(state: dict) -> None:
    state['proj.bias'] = torch.zeros(7)


def drop_prompt(state: dict) -> None:
    state[PROMPTS] = state[PROMPTS][:2]


def other_window(state: dict) -> None:
    name = ('decoder.layers.0.blocks.0.attn.relative_coords_table')
    state[name] = state[name] * 7 / 15


@pytest.mark.parametrize('change, message', [
    (remove, '^missing: projection.weight$'),
    (rename, '^unexpected: proj.weights$(?s:.*)^missing: projection.weight$'),
    (reshape, r'^shape: projection.bias is \(7,\) instead of \(192,\)$'),
    (drop_prompt, '2 prompts, for 3 tasks'),
    (other_window, '^windows differ: decoder.layers.0.blocks.0.attn'),
])
def test_what_does_not_fit(released: dict, change, message: str) -> None:
    state = dict(released)
    change(state)
    with pytest.raises(ValueError, match=f'(?m){message}'):
        convert_released(state, reference_model().state_dict())


def test_another_order_of_prompts(file: Path, config: Path,
                                  tmp_path: Path) -> None:
    content = load_tensors(str(file))
    content['args'].data_cfg_paths = DATA_CONFIGS[::-1]
    torch.save(content, file)
    ours = tmp_path / 'ours.pth'
    done = run_tool('upocr2mm.py', file, ours, '--config', config)
    assert done.returncode == 1 and not ours.exists()
    order = 'text_segmentation tampered_text_detection text_removal'
    assert f'--tasks {order}' in done.stdout
    done = run_tool('upocr2mm.py', file, ours, '--config', config, '--tasks',
                    *order.split())
    assert done.returncode == 0, done.stdout
    prompt = torch.load(
        ours)['state_dict']['task_prompt.prompts.text_segmentation']
    assert torch.equal(prompt, content['model']['module.' + PROMPTS][0])


def test_order_of_a_run() -> None:
    args = argparse.Namespace(data_cfg_paths=DATA_CONFIGS)
    assert tasks_of_run(args) == TASKS
    assert tasks_of_run(None) is None
    args.data_cfg_paths = ['mine.yaml']
    assert tasks_of_run(args) is None


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command, )


@pytest.mark.parametrize('legacy', [False, True])
def test_code_is_refused_and_not_run(tmp_path: Path, legacy: bool) -> None:
    trace = tmp_path / 'was_run'
    file = tmp_path / 'evil.pth'
    torch.save(
        dict(model=Evil(f'touch {trace}')),
        file,
        _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ValueError, match=r'evil.pth holds posix.system'):
        load_tensors(str(file))
    assert not trace.exists()
    done = run_tool('upocr2mm.py', file, tmp_path / 'ours.pth')
    assert done.returncode == 1 and 'posix.system' in done.stdout
    assert not trace.exists()


def test_the_way_back_runs_no_code_either(file: Path, config: Path,
                                          tmp_path: Path) -> None:
    """What mmengine saves besides the weights is passed over."""
    # A folder that is not there yet is made.
    ours, trace = tmp_path / 'weights' / 'ours.pth', tmp_path / 'was_run'
    done = run_tool('upocr2mm.py', file, ours, '--config', config)
    assert done.returncode == 0, done.stdout
    content = torch.load(ours)
    content['message_hub'] = dict(
        log_scalars=HistoryBuffer([1.], [1]), evil=Evil(f'touch {trace}'))
    torch.save(content, ours)
    done = run_tool('mm2upocr.py', ours, tmp_path / 'back' / 'back.pth')
    assert done.returncode == 0, done.stdout
    assert not trace.exists()
    assert len(torch.load(tmp_path / 'back' / 'back.pth')['model']) > 100
    done = run_tool('mm2upocr.py', file, tmp_path / 'x.pth')
    assert done.returncode == 1
    assert "it has no 'state_dict'); published files go" in done.stdout
    assert 'Traceback' not in done.stdout


def test_files_of_before_torch_1_6(tmp_path: Path) -> None:
    file = tmp_path / 'old.pth'
    content = dict(model=dict(weight=torch.arange(3.)))
    torch.save(content, file, _use_new_zipfile_serialization=False)
    assert load_tensors(str(file))['model']['weight'].tolist() == [0, 1, 2]


@pytest.mark.parametrize('content', [
    b'', b'no checkpoint', b'<html>not found</html>',
    pickle.dumps([1, 2]), 'cut'
])  # yapf: disable
def test_no_checkpoint(tmp_path: Path, file: Path, content) -> None:
    if content == 'cut':
        content = file.read_bytes()[:-1000]
    file.write_bytes(content)
    with pytest.raises(ValueError, match='upocr.pth'):
        load_tensors(str(file))


def test_no_file_and_no_state_dict(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='no.pth does not exist'):
        load_tensors(str(tmp_path / 'no.pth'))
    with pytest.raises(ValueError, match="no state dict.*'epoch'"):
        find_weights(dict(epoch=1))
    with pytest.raises(ValueError, match=r"no weights.*\['conv.weight'\]"):
        kind_of(['conv.weight'])


@pytest.mark.parametrize('size', ['tiny', 'small', 'base'])
def test_sizes(size: str, tmp_path: Path) -> None:
    """Shapes tell the size; the named configuration takes the weights."""
    path, = (ROOT / 'configs/upocr').glob(f'*-{size[0]}_released-512x512.py')
    cfg = Config.fromfile(path, import_custom_modules=False)
    cfg.model.losses = None
    init_default_scope('mmseg')
    state = MODELS.build(cfg.model).state_dict()
    weights = export_released(state)
    assert detect_arch(weights) == size
    result = convert_released(weights, state)
    assert all(torch.equal(result.state_dict[k], v) for k, v in state.items())
    if size == 'tiny':
        file = tmp_path / 'tiny.pth'
        torch.save(dict(model=weights), file)
        done = run_tool('upocr2mm.py', file, tmp_path / 'ours.pth')
        assert done.returncode == 0 and str(path) in done.stdout
        done = run_tool('upocr2mm.py', file, tmp_path / 'o.pth', '--arch',
                        'base')
        assert done.returncode == 1
        assert "the size 'tiny', but --arch is 'base'" in done.stdout


def test_unknown_size(released: dict) -> None:
    with pytest.raises(ValueError, match="none of the known sizes.*'depths'"):
        detect_arch(released)


def without(released: dict, *starts: str) -> dict:
    return {k: v for k, v in released.items() if not k.startswith(starts)}


def test_viteraser_and_segmim(released: dict) -> None:
    """Their prompts, and output layers, stay as initialised."""
    expected = reference_model().state_dict()
    eraser = without(released, 'task_prompt')
    eraser['decoder.mask_branch.weight'] = torch.ones(1)
    eraser['discriminator.0.weight'] = torch.ones(1)
    result = convert_released(eraser, expected)
    prompts = [f'task_prompt.prompts.{task}' for task in TASKS]
    assert sorted(result.missing) == sorted(prompts)
    assert 'mask branch' in ' '.join(result.dropped)

    segmim = without(released, 'task_prompt', 'decoder.norm',
                     'decoder.output_conv', 'decoder.intermediate_convs')
    result = convert_released(segmim, expected)
    assert {name.rsplit('.', 2)[0]
            for name in result.missing} == {
                'task_prompt', 'decode_head.norms', 'decode_head.output_convs'
            }
    with pytest.raises(ValueError, match='missing: projection'):
        convert_released(without(eraser, 'proj.'), expected)


def test_viteraser_starts_a_training(tmp_path: Path, drawn_data: Path,
                                     caplog) -> None:
    """Prompts may be missing when a training starts, not in a test."""
    cfg = tiny_cfg(tmp_path / 'run', drawn_data, iters=1)
    runner = Runner.from_cfg(cfg)
    state = {
        k: v
        for k, v in runner.model.state_dict().items() if 'task_prompt' not in k
    }
    state['projection.bias'] = torch.full((64, ), 3.)
    file = tmp_path / 'viteraser.pth'
    torch.save(dict(state_dict=state, meta={}), file)
    cfg = tiny_cfg(tmp_path / 'start', drawn_data, iters=1)
    cfg.load_from = str(file)
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.model.projection.bias.mean().item() == pytest.approx(
        3, abs=0.01)
    cfg = tiny_cfg(tmp_path / 'test', drawn_data)
    cfg.load_from = str(file)
    with pytest.raises(ValueError, match='3 keys are missing: task_prompt'):
        Runner.from_cfg(cfg).test()


def test_microsofts_swin(tmp_path: Path) -> None:
    """Microsoft's encoder: mmpretrain's features from both forms."""
    arch = dict(
        embed_dims=24,
        depths=[2, 2, 2, 2],
        num_heads=[1, 2, 4, 8],
        extra_norm_every_n_blocks=0)
    model = reference_model()
    weights = {
        name.replace('encoder.backbone.', '').replace('norm3.', 'norm.'): value
        for name, value in export_released(model.state_dict()).items()
        if name.startswith('encoder.') and not name.startswith(
            ('encoder.backbone.norm0', 'encoder.backbone.norm1',
             'encoder.backbone.norm2'))
    }
    weights['head.weight'] = torch.zeros(5, 192)
    result = convert_released(weights, model.state_dict())
    file = tmp_path / 'swin.pth'
    torch.save(dict(state_dict=result.state_dict), file)
    swin = SwinTransformerV2(
        arch=arch,
        window_size=16,
        pretrained_window_sizes=[16] * 4,
        pad_small_map=True,
        init_cfg=dict(
            type='Pretrained', checkpoint=str(file), prefix='backbone.'))
    swin.init_weights()
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        swin.eval()
        expected, = swin(image)
        *_, found = model.backbone(image)
    assert torch.allclose(found, expected, atol=1e-5)


def test_patch_merging_layout() -> None:
    """Column of patch (row, column) and channel c moves to unfold's place."""
    c = 3
    weight = torch.arange(4 * c, dtype=torch.float32)[None]
    ours = _swap_columns('x.downsample.reduction.weight', weight, to_ours=True)
    x = torch.rand(1, c, 2, 2)
    patches = torch.cat(
        [x[0, :, 0, 0], x[0, :, 1, 0], x[0, :, 0, 1], x[0, :, 1, 1]])
    unfolded = torch.nn.functional.unfold(x, 2, stride=2)[0, :, 0]
    assert torch.allclose(weight[0] @ patches, ours[0] @ unfolded)
