from __future__ import annotations

LENGTH = 200


def reason_of(error: Exception) -> str:
    """The beginning of an error's message, in one line.

    For the errors of libraries, whose messages may have many lines.

    Args:
        error: The error.

    Returns:
        At most about 200 characters, without line breaks.
    """
    text = ' '.join(str(error).split())
    return text if len(text) <= LENGTH else f'{text[:LENGTH]} ...'
