#!/usr/bin/env python3
"""Runs the S3 tests against a real S3 server, moto's, on loopback.

usage: s3_test.py S3_TESTS QUIPU (built programs)

Skipped (exit code 77) where moto is not installed; `tools/dev test` installs it into build/test-venv. The server
checks signatures. Two proxies stand before it: one that fails most requests once, one that fails what ends an upload.
"""

import http.client
import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

try:
    import boto3
    from moto.server import ThreadedMotoServer
except ImportError:
    print("moto is not installed")
    sys.exit(77)

BUCKET = "bucket"
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


class Proxy(BaseHTTPRequestHandler):
    """Hands requests on to `target` unless `fails`, given the method, the path and the number of the request."""

    protocol_version = "HTTP/1.1"
    target = None
    fails = None
    lock = threading.Lock()
    count = 0

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        cls = type(self)
        with cls.lock:
            cls.count += 1
            how = cls.fails(self.command, self.path, cls.count)
        if how == "drop":
            self.close_connection = True
            return
        if how is not None:
            self.answer(how, {}, b"<Error><Code>SlowDown</Code><Message>later</Message></Error>")
            return
        connection = http.client.HTTPConnection(*self.target)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        self.answer(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()

    def answer(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815


def proxy(target, fails):
    handler = type("Handler", (Proxy,), {"target": target, "fails": staticmethod(fails)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def flaky(_method, _path, count):
    return {0: None, 1: "drop", 2: 503, 3: 500}[count % 4]


def unfinished(method, path, _count):
    return 503 if method == "POST" and "uploadId=" in path else None


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
        copied = sorted(file.name for file in Path(folder, "copy").iterdir())
        assert "default__vector_store.json" in copied, copied
        for name in copied:
            assert Path(folder, "copy", name).read_bytes() == (golden / name).read_bytes(), name
        del environment["AWS_ACCESS_KEY_ID"]
        assert "AWS_ACCESS_KEY_ID" in call("import", f"s3://{BUCKET}/cli", f"{folder}/c.quipu", code=1)


def run(program, quipu):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    settings = {"endpoint_url": url, "region_name": "us-east-1", "aws_access_key_id": "a",
                "aws_secret_access_key": "b"}
    try:
        s3 = boto3.client("s3", **settings)
        s3.create_bucket(Bucket=BUCKET)
        iam = boto3.client("iam", **settings)
        iam.create_user(UserName="user")
        iam.put_user_policy(UserName="user", PolicyName="all", PolicyDocument=POLICY)
        key = iam.create_access_key(UserName="user")["AccessKey"]
        check = http.client.HTTPConnection(host, port)
        check.request("POST", "/moto-api/reset-auth", body=b"0")
        assert check.getresponse().status == 200
        flaky_server, flaky_url = proxy((host, port), flaky)
        unfinished_server, unfinished_url = proxy((host, port), unfinished)
        environment = dict(os.environ, AWS_ENDPOINT_URL_S3=url, AWS_REGION="us-east-1",
                           AWS_ACCESS_KEY_ID=key["AccessKeyId"], AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"],
                           QUIPU_TEST_S3_FLAKY=flaky_url, QUIPU_TEST_S3_UNFINISHED=unfinished_url,
                           NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")
        code = subprocess.run([program], env=environment, check=False).returncode
        check_command(quipu, environment)
        settings.update(aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
        left = boto3.client("s3", **settings).list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        assert not left, f"uploads were left behind: {left}"
        for each in (flaky_server, unfinished_server):
            each.shutdown()
        return code
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
