"""A real S3 server, moto's, on loopback, which checks signatures; and what stands before it in the tests."""

import http.client
import logging
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

try:
    import boto3
    from moto.server import ThreadedMotoServer
except ImportError:
    print("moto is not installed")
    sys.exit(77)

logging.getLogger("werkzeug").setLevel(logging.ERROR)  # which writes a line a request
BUCKET = "bucket"
REGION = "us-east-1"
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
TRUST = ('{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, '
         '"Action": "sts:AssumeRole"}]}')


class Server:
    """With a bucket, and a user whose keys may do everything."""

    def __enter__(self):
        self.moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.moto.start()
        self.host, self.port = self.moto.get_host_and_port()
        self.url = f"http://{self.host}:{self.port}"
        self.client("s3").create_bucket(Bucket=BUCKET)
        iam = self.client("iam")
        iam.create_user(UserName="user")
        iam.put_user_policy(UserName="user", PolicyName="all", PolicyDocument=POLICY)
        role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=TRUST)["Role"]
        iam.put_role_policy(RoleName="role", PolicyName="all", PolicyDocument=POLICY)
        self.role_arn = role["Arn"]
        self.keys = self.new_keys()
        self.check_keys(True)
        return self

    def check_keys(self, checks):
        connection = http.client.HTTPConnection(self.host, self.port)
        connection.request("POST", "/moto-api/reset-auth", body=b"0" if checks else b"inf")
        assert connection.getresponse().status == 200

    def __exit__(self, *_):
        self.moto.stop()

    def client(self, service, keys=("a", "b")):
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, aws_access_key_id=keys[0],
                            aws_secret_access_key=keys[1])

    def new_keys(self, client=None):
        key = (client or self.client("iam")).create_access_key(UserName="user")["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def environment(self, **more):
        """Of a process that knows nothing of this machine's AWS settings."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**own, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "AWS_EC2_METADATA_DISABLED": "true", **more}


class Proxy(BaseHTTPRequestHandler):
    """Hands requests on to `target` unless `fails`, given this and the number of the request, says how it is
    answered instead: "drop", a status, or a status with headers, and a body."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one packet
    target = None
    fails = None
    lock = threading.Lock()
    count = 0

    def log_message(self, *_):
        pass

    def handle_any(self):
        self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
        cls = type(self)
        with cls.lock:
            cls.count += 1
            how = cls.fails(self, cls.count)
        if how == "drop":
            self.close_connection = True
            return
        if how is not None:
            later = b"<Error><Code>SlowDown</Code><Message>later</Message></Error>"
            status, headers, body = ((*how, later) if isinstance(how, tuple) else (how, {}, later))[:3]
            self.answer(status, headers, body)
            return
        connection = http.client.HTTPConnection(*self.target)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(self.body)
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


def serve(handler):
    """A server on loopback, and its URL; to be ended by stop()."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def stop(server):
    server.shutdown()
    server.server_close()


def proxy(target, fails):
    return serve(type("Handler", (Proxy,), {"target": target, "fails": staticmethod(fails)}))
