import pytest

from upocr_mm.datasets.base_paired_dataset import BasePairedDataset
from upocr_mm.datasets.data_check import DataCheckError


class Listed(BasePairedDataset):
    METAINFO = dict(task='some_task')

    def list_samples(self):
        return [
            dict(img_path=path, target_path=path)
            for path in self.index_folder(self.data_root).values()
        ]


def test_files_are_listed_by_stem_and_ending(tmp_path):
    for name in ('b.PNG', 'a.jpg', 'notes.txt', '.DS_Store'):
        (tmp_path / name).touch()
    dataset = Listed(tmp_path, check_files=False)
    names = [dataset.get_data_info(i)['img_path'] for i in range(2)]
    assert names == [str(tmp_path / 'a.jpg'), str(tmp_path / 'b.PNG')]


def test_a_failed_check_is_made_again(tmp_path):
    (tmp_path / 'a.jpg').touch()
    dataset = Listed(tmp_path, lazy_init=True)
    for _ in range(2):
        with pytest.raises(DataCheckError, match='a.jpg'):
            dataset.full_init()
