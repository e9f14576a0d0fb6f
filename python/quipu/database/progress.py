"""How far a long call has come."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Callable, Iterator, Optional

# Called some times a second with what is worked on (a file, a collection), the bytes done and those in all (0: not
# known). What it raises cancels the call.
ProgressCallback = Callable[[str, int, int], object]


@contextmanager
def progress_bar(
    show_progress: bool, progress: Optional[ProgressCallback], what: str, unit: str = "B"
) -> Iterator[Optional[ProgressCallback]]:
    """What a call is given as its progress: the caller's, and with ``show_progress`` a bar of tqdm, in a notebook one of
    its widgets, as LlamaIndex's calls show it."""
    if not show_progress:
        yield progress
        return
    from tqdm.auto import tqdm  # which LlamaIndex requires; it takes a while to import

    with tqdm(desc=what, unit=unit, unit_scale=unit == "B") as bar:

        def shown(part: str, done: int, total: int) -> object:
            bar.total = total or None
            bar.set_postfix_str(part, refresh=False)
            bar.update(done - bar.n)
            return None if progress is None else progress(part, done, total)

        yield shown
        if bar.total is not None:  # the last step is told to nobody
            bar.update(bar.total - bar.n)
