from __future__ import annotations
from typing import Any, Mapping


def data_tasks(metainfo: Mapping[str, Any] | None) -> list[str] | None:
    """Names of the tasks that a data set has samples of.

    Args:
        metainfo: Metainfo of the data set: ``tasks`` of several, or the
            ``task`` of one.

    Returns:
        The names, or None if the metainfo does not tell.
    """
    metainfo = metainfo or {}
    if 'tasks' in metainfo:
        return list(metainfo['tasks'])
    return [metainfo['task']] if 'task' in metainfo else None
