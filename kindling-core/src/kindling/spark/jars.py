"""The jars that make Spark on the JVM read and write Delta tables.

Spark can resolve them itself (``spark.jars.packages``), at each start: 28 s the first time and 14 s from then on,
where a folder with the jars costs 5 s. So they are fetched once, into a folder of the user's cache, by the Ivy that
lies in pyspark: no other tool is needed, and a half-filled ``~/.m2``, which breaks Spark's own resolving, is not read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kindling.spark.errors import SparkError

#: Seconds for fetching some 90 MB. Only against hanging for ever.
_DEADLINE = 900.0
#: What Spark does not bring already. Its other dependencies are in pyspark, in versions that fit it.
_ORGANISATIONS = ("io.delta", "io.unitycatalog")
_COMPLETE = ".complete"


@dataclass(frozen=True)
class DeltaArtifact:
    """The Maven coordinates of Delta for a Spark.

    Args:
        spark: Version of pyspark, for example ``4.2.0``.
        delta: Version of delta-spark, for example ``4.4.0``.

    Example:
        >>> DeltaArtifact("4.2.0", "4.4.0").name
        'delta-spark_4.2_2.13'
        >>> DeltaArtifact("3.5.9", "3.3.3").name
        'delta-spark_2.12'
    """

    spark: str
    delta: str

    @property
    def name(self) -> str:
        """The artifact, whose name has had the Spark release in it since Delta 4.1."""
        delta = tuple(int(part) for part in self.delta.split(".")[:2])
        if delta >= (4, 1):
            return f"delta-spark_{'.'.join(self.spark.split('.')[:2])}_2.13"
        return "delta-spark_2.13" if delta >= (4, 0) else "delta-spark_2.12"

    @property
    def folder(self) -> str:
        """Name of the folder that keeps its jars."""
        return f"{self.name}-{self.delta}"


def delta_jars(
    artifact: DeltaArtifact,
    *,
    cache: Path,
    folder: Path | None = None,
    java: Path | None = None,
    ivy: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[Path, ...]:
    """Return the jars of Delta: from the folder named, else from the cache, else fetched into the cache.

    Args:
        artifact: What is needed.
        cache: The cache's folder for jars.
        folder: A folder with the jars, given by the user. Nothing else is looked at then.
        java: The program ``java``, for fetching.
        ivy: Ivy's jar, for fetching.
        environ: The environment variables; without it, the process's.

    Returns:
        The jars, sorted; for ``spark.jars``.

    Raises:
        SparkError: KDL-SPK-003, they are not there and cannot be fetched; says what to put where.
    """
    if folder is not None:
        jars = tuple(sorted(folder.glob("*.jar"))) if folder.is_dir() else ()
        if not any("delta-spark" in jar.name for jar in jars):
            raise _missing(artifact, f"there is no delta-spark jar in {folder}", folder)
        return jars
    kept = cache / artifact.folder
    if not (kept / _COMPLETE).is_file():
        if java is None or ivy is None:
            raise _missing(artifact, "there is nothing to fetch them with", kept)
        _fetch(artifact, kept, java, ivy, os.environ if environ is None else environ)
    return tuple(sorted(kept.glob("*.jar")))


def ivy_settings(cache: Path, environ: Mapping[str, str]) -> str:
    """Return the settings file for Ivy: one repository, Maven's central one or the mirror that is named.

    Args:
        cache: Folder for what Ivy downloads.
        environ: ``DEFAULT_ARTIFACT_REPOSITORY``, which Spark honours too, names a mirror.
    """
    from xml.sax.saxutils import quoteattr

    mirror = environ.get("DEFAULT_ARTIFACT_REPOSITORY", "")
    root = f" root={quoteattr(mirror)}" if mirror else ""
    return (
        '<ivysettings>\n  <settings defaultResolver="releases"/>\n'
        f"  <caches defaultCacheDir={quoteattr(str(cache))}/>\n"
        f'  <resolvers><ibiblio name="releases" m2compatible="true"{root}/></resolvers>\n</ivysettings>\n'
    )


def proxy_arguments(environ: Mapping[str, str]) -> list[str]:
    """Return Java's options for the proxy that the environment names; Java does not read ``HTTPS_PROXY``.

    Example:
        >>> proxy_arguments({"https_proxy": "http://proxy.example:3128"})
        ['-Dhttps.proxyHost=proxy.example', '-Dhttps.proxyPort=3128']
    """
    from urllib.parse import urlsplit

    arguments = []
    for scheme in ("http", "https"):
        value = environ.get(f"{scheme}_proxy") or environ.get(f"{scheme.upper()}_PROXY") or ""
        proxy = urlsplit(value if "//" in value else f"//{value}")
        if value and proxy.hostname:
            arguments.append(f"-D{scheme}.proxyHost={proxy.hostname}")
            if proxy.port:
                arguments.append(f"-D{scheme}.proxyPort={proxy.port}")
    return arguments


def _fetch(artifact: DeltaArtifact, kept: Path, java: Path, ivy: Path, environ: Mapping[str, str]) -> None:
    import shutil
    import subprocess
    import tempfile

    kept.parent.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that moving it there is one rename: two processes may fetch at once, and one may be killed.
    work = Path(tempfile.mkdtemp(prefix=".fetching-", dir=kept.parent))
    try:
        settings = work / "ivysettings.xml"
        settings.write_text(ivy_settings(work / "ivy", environ), "utf-8")
        command = [
            str(java), *proxy_arguments(environ), "-cp", str(ivy), "org.apache.ivy.Main", "-warn",
            "-settings", str(settings), "-dependency", "io.delta", artifact.name, artifact.delta,
            "-confs", "default", "-retrieve", f"{work}/jars/[organisation]/[artifact]-[revision].[ext]",
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _missing(artifact, f"fetching them failed: {error}", kept) from error
        found = [jar for name in _ORGANISATIONS for jar in (work / "jars" / name).glob("*.jar")]
        if done.returncode != 0 or not any("delta-spark" in jar.name for jar in found):
            lines = [line.strip(": \t") for line in (done.stdout + done.stderr).splitlines()]
            said = [line for line in lines if "not found" in line or "UNRESOLVED" in line or "Exception" in line]
            raise _missing(artifact, "; ".join(dict.fromkeys(said[:3])) or "Ivy found no jars", kept)
        ready = work / "ready"
        ready.mkdir()
        for jar in found:
            jar.rename(ready / jar.name)
        (ready / _COMPLETE).touch()
        if kept.exists() and not (kept / _COMPLETE).is_file():
            shutil.rmtree(kept, ignore_errors=True)
        try:
            ready.rename(kept)
        except OSError:
            if not (kept / _COMPLETE).is_file():
                raise
            # Another process was faster; what it fetched is the same.
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _missing(artifact: DeltaArtifact, reason: str, folder: Path) -> SparkError:
    return SparkError(
        f"the jars of Delta {artifact.delta} for Spark {artifact.spark} cannot be had: {reason}",
        code="KDL-SPK-003",
        context={"artifact": f"io.delta:{artifact.name}:{artifact.delta}", "folder": str(folder)},
        suggestions=[
            "name the folder that has them: platforms.local.jars",
            "behind a mirror, set DEFAULT_ARTIFACT_REPOSITORY to its address",
            'use Sail, which needs no jars and no Java: pip install "kindling-core[sail]"',
        ],
    )
