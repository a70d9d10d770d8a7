"""Pictures and sounds of check codes, made beside the event loop by the package captcha, where it is installed."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

WIDTH, HEIGHT = 200, 70
KEPT = 100
"""So many are kept, so that a page that is shown again has the same ones; a sound is some 150 KiB."""


class Pictures:
    """One at a time: strangers may ask for many."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._worker: ThreadPoolExecutor | None = None

    async def picture(self, id: str, text: str) -> bytes:
        """A PNG of WIDTH x HEIGHT."""
        return await self._kept(("png", id), _draw, text)

    async def sound(self, id: str, text: str) -> bytes:
        """A WAV, 8 kHz, some ten seconds."""
        return await self._kept(("wav", id), _say, text)

    def close(self) -> None:
        """Start nothing more."""
        if self._worker:
            self._worker.shutdown(wait=False, cancel_futures=True)
            self._worker = None

    async def _kept(self, key: tuple[str, str], make: Callable[[str], bytes], text: str) -> bytes:
        if key not in self._made:
            if self._worker is None:
                self._worker = ThreadPoolExecutor(1, thread_name_prefix="captcha")
            made = await asyncio.get_running_loop().run_in_executor(self._worker, make, text)
            self._made.setdefault(key, made)
            if len(self._made) > KEPT:
                self._made.popitem(last=False)
        return self._made[key]


def _draw(text: str) -> bytes:
    from captcha.image import ImageCaptcha  # Pillow takes a tenth of a second to import, and may not be there

    return bytes(ImageCaptcha(width=WIDTH, height=HEIGHT).generate(text).getvalue())


def _say(text: str) -> bytes:
    from captcha.audio import AudioCaptcha

    return bytes(AudioCaptcha().generate(text))
