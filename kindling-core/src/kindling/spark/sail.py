"""Spark without Java: a Sail server inside this process, and a Spark Connect session on it."""

from __future__ import annotations

from collections.abc import Mapping

from kindling.spark.errors import SparkError
from kindling.spark.sessions import OpenedSession
from kindling.spark.variables import variables_set


def open_sail(conf: Mapping[str, str], *, name: str = "kindling") -> OpenedSession:
    """Start a Sail server on a free port of the loopback interface and open a session on it.

    Args:
        conf: Spark configuration by key. Sail passes over what it does not know.
        name: The application's name.

    Raises:
        SparkError: KDL-SPK-001, Sail is not installed; KDL-SPK-004, it did not start.
    """
    import os

    # Sail logs every session at INFO to standard error, from when it is imported; whoever wants that sets the variable.
    with variables_set(RUST_LOG=os.environ.get("RUST_LOG") or "warn,sail_common::actor=error"):
        return _open(conf, name)


def _open(conf: Mapping[str, str], name: str) -> OpenedSession:
    import os
    import warnings

    try:
        from pysail.spark import SparkConnectServer

        with warnings.catch_warnings():
            # pyspark 4.2 warns of a newer pandas and of its own deprecated calls when it is imported.
            warnings.simplefilter("ignore")
            from pyspark.sql import SparkSession
    except ImportError as error:
        raise SparkError(
            f"Sail is not installed here, or not whole: {error}",
            context={"extra": "sail"},
            suggestions=['pip install "kindling-core[sail]"'],
        ) from error
    server = SparkConnectServer("127.0.0.1", 0)
    try:
        server.start(background=True)
        address = server.listening_address
        if address is None:
            raise RuntimeError("the server does not listen")
        # A builder of its own: SparkSession.builder is shared by the process, and keeps what it was told.
        builder = SparkSession.Builder().remote(f"sc://127.0.0.1:{address[1]}").appName(name)
        for key, value in conf.items():
            builder = builder.config(key, value)
        session = builder.create()
        session.version  # noqa: B018 - the first answer of the server: a session that cannot work fails here
    except Exception as error:  # a native server and a gRPC client raise what they like
        server.stop()
        raise SparkError(
            f"Sail did not start: {error}",
            code="KDL-SPK-004",
            suggestions=["try Spark on the JVM: platforms.local.engine: jvm"],
        ) from error

    def close() -> None:
        session.stop()
        server.stop()
        # pyspark sets it with the first remote session, for its functions to know, and never takes it back.
        os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)

    return OpenedSession(session, "sail", close)
