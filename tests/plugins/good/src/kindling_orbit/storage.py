"""Orbit's buckets as a storage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kindling.contracts import Context, Credential, Entry, GrantRequest, ListOptions, Storage, WriteOptions
from kindling.errors import AlreadyExists, InvalidPath, NotFound, PreconditionFailed
from kindling_orbit.settings import BucketSettings
from kindling_orbit.station import StoredFile, station


def open_storage(context: Context, settings: BucketSettings, credential: Credential | None = None) -> OrbitStorage:
    if credential is not None:
        credential.grant(GrantRequest(resource=f"orbit://{settings.station}/{settings.bucket}"))
    return OrbitStorage(settings)


class OrbitStorage(Storage):
    def __init__(self, settings: BucketSettings) -> None:
        self._settings = settings
        self._station = station(settings.station)
        self.is_closed = False

    def uri(self, path: str = "") -> str:
        return f"orbit://{self._settings.station}/{self._settings.bucket}/{_checked(path) if path else ''}".rstrip("/")

    def stat(self, path: str) -> Entry:
        return _entry(path, self._file(path))

    def list(self, prefix: str = "", options: ListOptions = ListOptions()) -> Iterator[Entry]:  # noqa: B008 - it is frozen
        with self._station.lock:
            files = sorted(self._station.buckets.get(self._settings.bucket, {}).items())
        count = 0
        for path, file in files:
            if prefix and not path.startswith(prefix.rstrip("/") + "/"):
                continue
            if options.after is not None and path <= options.after:
                continue
            if options.limit is not None and count >= options.limit:
                return
            count += 1
            yield _entry(path, file)

    def read_chunks(self, path: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        data = self._file(path).data
        piece = data[start:] if length is None else data[start : start + length]
        if piece:
            yield piece

    def write(self, path: str, data: bytes | Iterable[bytes], options: WriteOptions = WriteOptions()) -> Entry:  # noqa: B008 - it is frozen
        content = data if isinstance(data, bytes) else b"".join(data)
        with self._station.lock:
            before = self._station.buckets.get(self._settings.bucket, {}).get(_checked(path))
            if options.only_if_absent and before is not None:
                raise AlreadyExists(f"{self.uri(path)} is there already")
            if options.only_if_match is not None and (before is None or before.etag != options.only_if_match):
                raise PreconditionFailed(f"{self.uri(path)} is another version")
            return _entry(path, self._station.store(self._settings.bucket, path, content))

    def delete(self, path: str, *, only_if_match: str | None = None) -> None:
        with self._station.lock:
            files = self._station.buckets.get(self._settings.bucket, {})
            before = files.get(_checked(path))
            if only_if_match is not None and (before is None or before.etag != only_if_match):
                raise PreconditionFailed(f"{self.uri(path)} is another version")
            files.pop(path, None)

    def close(self) -> None:
        self.is_closed = True

    def _file(self, path: str) -> StoredFile:
        with self._station.lock:
            file = self._station.buckets.get(self._settings.bucket, {}).get(_checked(path))
        if file is None:
            raise NotFound(f"there is nothing at {self.uri(path)}")
        return file


def _checked(path: str) -> str:
    if any(name in ("", ".", "..") for name in path.split("/")) or "\\" in path:
        raise InvalidPath(f"{path!r} is no path")
    return path


def _entry(path: str, file: StoredFile) -> Entry:
    return Entry(path=path, size=len(file.data), modified=file.modified, etag=file.etag)
