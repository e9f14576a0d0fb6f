#!/usr/bin/env python3
"""Runs the S3 tests against a real S3 server on loopback.

usage: s3_test.py S3_TESTS QUIPU (built programs)

Skipped (exit code 77) where moto is not installed; `tools/dev test` installs it into build/python-venv. Two proxies
stand before it: one that fails most requests once, one that fails what ends an upload.
"""

import collections
import subprocess
import sys
import tempfile
from pathlib import Path

from s3_server import BUCKET, REGION, Server, proxy, stop


ATTEMPTS = collections.Counter()


def flaky(request, _count):
    """Each request is answered at its fourth attempt, whatever others there are beside it."""
    key = (request.command, request.path, request.headers["range"])
    ATTEMPTS[key] += 1
    return {0: None, 1: "drop", 2: 503, 3: 500}[ATTEMPTS[key] % 4]


def unfinished(request, _count):
    return 503 if request.command == "POST" and "uploadId=" in request.path else None


def check_command(quipu, environment):
    """The command, from the disk to S3 and back."""
    golden = Path(__file__).resolve().parent.parent / "data" / "goldens" / "vectors"
    with tempfile.TemporaryDirectory(prefix="quipu_s3_test.") as folder:
        def call(*arguments, code=0):
            done = subprocess.run([quipu, *map(str, arguments)], env=environment, capture_output=True, check=False)
            assert done.returncode == code, (arguments, done)
            return done.stderr.decode()
        call("import", golden, f"{folder}/a.quipu")
        call("export", f"{folder}/a.quipu", f"s3://{BUCKET}/cli/storage")
        assert "not empty" in call("export", f"{folder}/a.quipu", f"s3://{BUCKET}/cli/storage", code=1)
        call("import", f"s3://{BUCKET}/cli/storage", f"{folder}/b.quipu")
        call("export", f"{folder}/b.quipu", f"{folder}/copy")
        call("migrate", f"{folder}/a.quipu", f"s3://{BUCKET}/cli/moved")
        assert "already" in call("migrate", f"{folder}/a.quipu", f"s3://{BUCKET}/cli/moved")
        call("migrate", f"s3://{BUCKET}/cli/moved", f"{folder}/moved.quipu")
        call("diff", f"{folder}/a.quipu", f"{folder}/moved.quipu")
        copied = sorted(file.name for file in Path(folder, "copy").iterdir())
        assert "default__vector_store.json" in copied, copied
        for name in copied:
            assert Path(folder, "copy", name).read_bytes() == (golden / name).read_bytes(), name


def run(program, quipu):
    with Server() as server:
        target = (server.host, server.port)
        flaky_server, flaky_url = proxy(target, flaky)
        unfinished_server, unfinished_url = proxy(target, unfinished)
        environment = server.environment(
            AWS_ENDPOINT_URL_S3=server.url, AWS_REGION=REGION, AWS_ACCESS_KEY_ID=server.keys[0],
            AWS_SECRET_ACCESS_KEY=server.keys[1], QUIPU_TEST_S3_FLAKY=flaky_url,
            QUIPU_TEST_S3_UNFINISHED=unfinished_url)
        code = subprocess.run([program], env=environment, check=False).returncode
        check_command(quipu, environment)
        left = server.client("s3", server.keys).list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        assert not left, f"uploads were left behind: {left}"
        for each in (flaky_server, unfinished_server):
            stop(each)
        return code


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
