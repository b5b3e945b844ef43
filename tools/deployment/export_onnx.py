"""Export a trained model for OpenVINO and ONNX Runtime, the fast way on CPUs.

One file holds the encoder and the decoder of one or several tasks, for images
of one size. With --int8 it is quantized to 8 bits as well.

    python tools/deployment/export_onnx.py CONFIG CHECKPOINT upocr.onnx
    python tools/deployment/export_onnx.py CONFIG CHECKPOINT upocr.xml --int8
"""
from __future__ import annotations
import argparse
import tempfile
from pathlib import Path

import mmcv
import numpy as np

from upocr_mm.deploy import export_onnx, load_model, quantize_int8
from upocr_mm.deploy.export import OPSETS, TOLERANCE
from upocr_mm.deploy.quantize import MIN_PSNR
from upocr_mm.models import UPOCR
from upocr_mm.synthesis import synthesize_dataset
from upocr_mm.utils import one_sentence, read_image

RANDOM, SYNTHETIC = 'random', 'synthetic'
SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', type=Path, help='configuration of the model')
    parser.add_argument(
        'checkpoint',
        help=f"its weights, or '{RANDOM}' for untrained ones (to measure "
        'times)')
    parser.add_argument(
        'out', type=Path, help='the file to write: *.onnx, or *.xml for int8')
    parser.add_argument(
        '--size',
        type=int,
        nargs=2,
        default=[512, 512],
        metavar=('H', 'W'),
        help='height and width of the images, multiples of 32 (default: 512 '
        '512)')
    parser.add_argument(
        '--tasks',
        nargs='+',
        metavar='TASK',
        help='the tasks to export (default: all of the model)')
    parser.add_argument(
        '--batch-size',
        type=int,
        default=1,
        metavar='N',
        help='number of images that the network takes at once (default: 1)')
    parser.add_argument(
        '--opset',
        type=int,
        default=OPSETS[0],
        help=f"version of ONNX's operators, {OPSETS[0]} to {OPSETS[-1]} "
        f'(default: {OPSETS[0]})')
    parser.add_argument(
        '--tolerance',
        type=float,
        default=TOLERANCE,
        metavar='X',
        help='largest absolute difference to the outputs of PyTorch, of '
        f'images in [0, 1] (default: {TOLERANCE:g})')
    group = parser.add_argument_group('quantization')
    group.add_argument(
        '--int8',
        action='store_true',
        help='quantize to 8 bits and write *.xml and *.bin of OpenVINO')
    group.add_argument(
        '--calibration',
        metavar='DIR',
        help='folder with images like those that the model will see, of any '
        f"size (default: '{SYNTHETIC}', images with synthetic text)")
    group.add_argument(
        '--num-calibration',
        type=int,
        metavar='N',
        help='number of images (default: 64)')
    group.add_argument(
        '--min-psnr',
        type=float,
        metavar='DB',
        help='lowest PSNR to the outputs in float32, in dB (default: '
        f'{MIN_PSNR:g})')
    args = parser.parse_args()
    for name, default in (('calibration', SYNTHETIC), ('num_calibration', 64),
                          ('min_psnr', MIN_PSNR)):
        if getattr(args, name) is None:
            setattr(args, name, default)
        elif not args.int8:
            parser.error(f'--{name.replace("_", "-")} is for --int8 only')
    suffix = '.xml' if args.int8 else '.onnx'
    if args.out.suffix != suffix:
        parser.error(f'OUT must end in {suffix!r}'
                     f'{" with" if args.int8 else " without"} --int8, but got '
                     f'{args.out}')
    return args


def main() -> None:
    args = parse_args()
    with one_sentence():
        checkpoint = None if args.checkpoint == RANDOM else args.checkpoint
        model = load_model(args.config, checkpoint)
        if args.int8:
            # Before the export, which takes longer.
            images = calibration_images(args.calibration, args.num_calibration,
                                        tuple(args.size))
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / 'float32.onnx'
                export(model, file, args)
                quantize(file, images, args)
        else:
            export(model, args.out, args)


def export(model: UPOCR, file: Path, args: argparse.Namespace) -> None:
    """Export to ONNX, print how the outputs compare."""
    done = export_onnx(
        model,
        file,
        tuple(args.size),
        args.tasks,
        args.batch_size,
        name=args.config.stem,
        opset=args.opset,
        tolerance=args.tolerance)
    print(f'Largest absolute difference to PyTorch ({done.runtime}):')
    for task, value in done.max_difference.items():
        print(f'  {task:25} {value:.1e}')
    if not args.int8:
        print(f'{file}: written, {file.stat().st_size / 2**20:.0f} MiB')


def quantize(onnx_file: Path, images: np.ndarray,
             args: argparse.Namespace) -> None:
    """Quantize, print how the outputs compare."""
    done = quantize_int8(onnx_file, args.out, images, args.min_psnr)
    print('PSNR of int8 to float32, on images not used for calibration:')
    for task, value in done.psnr.items():
        print(f'  {task:25} {value:.1f} dB')
    size = args.out.stat().st_size
    size += args.out.with_suffix('.bin').stat().st_size
    print(f'{args.out} and *.bin: written, {size / 2**20:.0f} MiB')


def calibration_images(source: str, number: int,
                       size: tuple[int, int]) -> np.ndarray:
    """Images to calibrate with.

    Args:
        source: A folder, or ``'synthetic'``.
        number: How many, at most.
        size: Height and width.

    Returns:
        float32 RGB in [0, 1], (M, 3, H, W).

    Raises:
        FileNotFoundError: There is no such folder, or no image in it.
    """
    if source != SYNTHETIC:
        return read_folder(Path(source), number, size)
    with tempfile.TemporaryDirectory() as folder:
        roots = synthesize_dataset(
            folder,
            num_train=number,
            num_test=1,
            size=size,
            tasks=['text_removal'])
        images = roots['text_removal'] / 'train' / 'image'
        return read_folder(images, number, size)


def read_folder(folder: Path, number: int, size: tuple[int,
                                                       int]) -> np.ndarray:
    """Images of a folder, evenly spread over it by name, resized."""
    if not folder.is_dir():
        raise FileNotFoundError(f'--calibration must be {SYNTHETIC!r} or a '
                                f'folder, but {folder} is none')
    files = sorted(
        path for path in folder.rglob('*') if path.suffix.lower() in SUFFIXES)
    if not files:
        raise FileNotFoundError(f'--calibration {folder} has no images '
                                f'({", ".join(SUFFIXES)})')
    step = max(1, len(files) // number)
    images = []
    for path in files[::step][:number]:
        image = mmcv.imresize(read_image(path, 'rgb'), size[::-1])
        images.append(image.astype(np.float32).transpose(2, 0, 1) / 255)
    return np.stack(images)


if __name__ == '__main__':
    main()
