#!/usr/bin/env python3
"""Where the command finds keys, a bucket's region and its address, by a real S3 server on loopback.

usage: credentials_test.py QUIPU (the built command)

Skipped (exit code 77) where moto is not installed. The metadata services of containers and instances are played by
servers of this process; roles are assumed at moto's own token service.
"""

import datetime
import json
import os
import subprocess
import sys
import tempfile
import unittest
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from s3_server import BUCKET, POLICY, REGION, Server, proxy, serve, stop

QUIPU = sys.argv.pop(1)
GOLDEN = Path(__file__).resolve().parent.parent / "data" / "goldens" / "basic" / "docstore.json"
SERVER = Server()
STORAGE = f"s3://{BUCKET}/storage/docstore.json"


def setUpModule():  # noqa: N802
    SERVER.__enter__()
    SERVER.client("s3", SERVER.keys).put_object(
        Bucket=BUCKET, Key="storage/docstore.json", Body=GOLDEN.read_bytes(), ACL="public-read")


def tearDownModule():  # noqa: N802
    SERVER.__exit__()


class Metadata(BaseHTTPRequestHandler):
    """The metadata service of an instance, or of a container: each answer with keys has what `next_keys` gives."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one packet
    next_keys = None
    token = "a secret token"  # noqa: S105
    asked = None

    def log_message(self, *_):
        pass

    def reply(self, status, body=b""):
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reply_keys(self):
        access, secret, token, seconds = type(self).next_keys()
        expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        answer = {"Code": "Success", "AccessKeyId": access, "SecretAccessKey": secret, "Token": token,
                  "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
        self.reply(200, json.dumps(answer).encode())

    def do_PUT(self):  # noqa: N802
        self.asked.append(("PUT", self.path))
        wanted = self.path == "/latest/api/token" and self.headers.get("x-aws-ec2-metadata-token-ttl-seconds")
        self.reply(200, self.token.encode()) if wanted else self.reply(403)

    def do_GET(self):  # noqa: N802
        self.asked.append(("GET", self.path))
        roles = "/latest/meta-data/iam/security-credentials/"
        if self.path.startswith("/container"):
            allowed = self.headers.get("authorization") == self.token
            self.reply_keys() if allowed else self.reply(401)
        elif self.headers.get("x-aws-ec2-metadata-token") != self.token:
            self.reply(401)
        elif self.path == roles:
            self.reply(200, b"the-role")
        elif self.path == roles + "the-role":
            self.reply_keys()
        else:
            self.reply(404)


class CredentialsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="quipu_credentials_test.")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_import(self, settings, source=STORAGE, code=0):
        settings.setdefault("AWS_ENDPOINT_URL", SERVER.url)
        environment = SERVER.environment(HOME=str(self.folder), **settings)
        done = subprocess.run([QUIPU, "import", "--dry-run", source, self.folder / "new.quipu"], env=environment,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, (settings, done))
        for secret in (SERVER.keys[1], Metadata.token):
            self.assertNotIn(secret, done.stdout + done.stderr)
        return done.stderr

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def proxy(self, fails):
        server, url = proxy((SERVER.host, SERVER.port), fails)
        self.addCleanup(stop, server)
        return url

    def metadata(self, next_keys):
        asked = []
        handler = type("Handler", (Metadata,), {"next_keys": staticmethod(next_keys), "asked": asked})
        server, url = serve(handler)
        self.addCleanup(stop, server)
        return url, asked

    def test_environment(self):
        access, secret = SERVER.keys
        self.run_import({"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret})
        said = self.run_import({"AWS_SECRET_ACCESS_KEY": secret}, code=1)
        self.assertIn("AWS_ACCESS_KEY_ID", said)
        said = self.run_import({"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": "wrong"}, code=3)
        self.assertIn("403", said)

    def test_nothing_at_all(self):
        url = self.proxy(lambda request, _: None if request.headers["authorization"] else 403)
        said = self.run_import({"AWS_ENDPOINT_URL": url}, code=3)
        self.assertIn("403", said)
        self.assertIn("AWS_ACCESS_KEY_ID", said)

    def test_profiles(self):
        access, secret = SERVER.keys
        keys = f"aws_access_key_id = {access}\naws_secret_access_key={secret}\n"
        wrong = "aws_access_key_id = AKIA\naws_secret_access_key = wrong\n"
        self.write(".aws/credentials", f"# keys\n[default]\n{wrong}\n[other]\n{keys}")
        config = f"[profile other]\nregion = {REGION}\nendpoint_url = {SERVER.url}\ns3 =\n    addressing_style = path\n"
        self.write(".aws/config", config)
        self.run_import({"AWS_PROFILE": "other", "AWS_ENDPOINT_URL": ""})
        self.run_import({}, code=3)
        self.assertIn("no profile missing", self.run_import({"AWS_PROFILE": "missing"}, code=1))
        # The environment's keys count before those of the profile.
        self.run_import({"AWS_PROFILE": "default", "AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret})
        moved = self.write("keys", f"[default]\n{keys}")
        self.run_import({"AWS_SHARED_CREDENTIALS_FILE": moved})
        moved = self.write("settings", f"[services local]\ns3 =\n  endpoint_url = {SERVER.url}\n"
                                       f"[profile all]\nservices = local\n{keys}")
        self.run_import({"AWS_CONFIG_FILE": moved, "AWS_PROFILE": "all", "AWS_ENDPOINT_URL": ""})

    def test_damaged_and_unknown_settings(self):
        damaged = self.write("a", f"[default]\n{SERVER.keys[1]}\n")
        said = self.run_import({"AWS_SHARED_CREDENTIALS_FILE": damaged}, code=1)
        self.assertIn("line 2", said)
        for setting in ("sso_session = x", "sso_start_url = https://x", "credential_process = /bin/true",
                        "role_arn = arn:aws:iam::123456789012:role/r\nmfa_serial = m\nsource_profile = default"):
            said = self.run_import({"AWS_CONFIG_FILE": self.write("b", f"[default]\n{setting}\n")}, code=1)
            self.assertIn(setting.split("\n")[-2 if "mfa" in setting else 0].split(" ")[0], said)
        config = "[default]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = b\n" \
                 "[profile b]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = default\n"
        said = self.run_import({"AWS_CONFIG_FILE": self.write("c", config)}, code=1)
        self.assertIn("source_profile", said)

    def test_assumed_role(self):
        access, secret = SERVER.keys
        self.write(".aws/credentials", f"[base]\naws_access_key_id={access}\naws_secret_access_key={secret}\n")
        self.write(".aws/config", f"[default]\nrole_arn = {SERVER.role_arn}\nsource_profile = base\n"
                                  f"[profile env]\nrole_arn = {SERVER.role_arn}\ncredential_source = Environment\n")
        self.run_import({})
        said = self.run_import({"AWS_PROFILE": "env"}, code=1)
        self.assertIn("credential_source = Environment", said)

    def test_web_identity(self):
        token = self.write("token", "a.web.token\n")

        def token_service(request, _count):
            if request.headers["authorization"]:
                return None
            self.assertIn("WebIdentityToken=a.web.token", request.body.decode())
            self.assertIn("Action=AssumeRoleWithWebIdentity", request.body.decode())
            sts = SERVER.client("sts", SERVER.keys)
            keys = sts.assume_role(RoleArn=SERVER.role_arn, RoleSessionName="session")["Credentials"]
            fields = {name: keys[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
            fields["Expiration"] = keys["Expiration"].isoformat()
            text = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
            return 200, {}, f"<A><Credentials>{text}</Credentials></A>".encode()

        url = self.proxy(token_service)
        settings = {"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": SERVER.role_arn,
                    "AWS_ENDPOINT_URL_STS": url}
        self.run_import(settings)
        self.assertIn("AWS_ROLE_ARN", self.run_import({**settings, "AWS_ROLE_ARN": ""}, code=1))
        gone = {**settings, "AWS_WEB_IDENTITY_TOKEN_FILE": token + ".gone"}
        self.assertIn("token.gone", self.run_import(gone, code=3))
        refused = {**settings, "AWS_ENDPOINT_URL_STS": self.metadata(None)[0]}
        self.assertIn(SERVER.role_arn, self.run_import(refused, code=3))

    def test_container(self):
        url, asked = self.metadata(lambda: (*SERVER.keys, "", 3600))
        settings = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/container"}
        file = self.write("authorization", Metadata.token + "\n")
        self.run_import({**settings, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file})
        self.assertEqual(asked, [("GET", "/container")])
        self.run_import({**settings, "AWS_CONTAINER_AUTHORIZATION_TOKEN": Metadata.token})
        self.assertIn("401", self.run_import({**settings, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "x"}, code=3))
        elsewhere = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1.example.com/keys"}
        self.assertIn("example.com", self.run_import(elsewhere, code=1))

    def test_instance(self):
        url, asked = self.metadata(lambda: (*SERVER.keys, "", 3600))
        settings = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url, "AWS_EC2_METADATA_DISABLED": "false"}
        self.run_import(settings)
        roles = "/latest/meta-data/iam/security-credentials/"
        self.assertEqual(asked, [("PUT", "/latest/api/token"), ("GET", roles), ("GET", roles + "the-role")])
        self.run_import({**settings, "AWS_EC2_METADATA_DISABLED": "true"}, code=3)
        self.assertEqual(len(asked), 3)

    def test_keys_that_expire_are_renewed(self):
        iam = SERVER.client("iam", SERVER.keys)
        iam.create_user(UserName="passing")
        iam.put_user_policy(UserName="passing", PolicyName="all", PolicyDocument=POLICY)
        given = []

        def next_keys():  # the former ones are no longer valid
            if given:
                iam.delete_access_key(UserName="passing", AccessKeyId=given[-1])
            key = iam.create_access_key(UserName="passing")["AccessKey"]
            given.append(key["AccessKeyId"])
            return key["AccessKeyId"], key["SecretAccessKey"], "", 60

        url, _ = self.metadata(next_keys)
        self.run_import({"AWS_EC2_METADATA_SERVICE_ENDPOINT": url, "AWS_EC2_METADATA_DISABLED": "false"})
        self.assertGreater(len(given), 2)  # one a request, for they last a minute

    def test_reading_without_keys(self):
        seen = set()
        url = self.proxy(lambda request, _: seen.add(request.headers["authorization"]))
        SERVER.check_keys(False)
        self.addCleanup(SERVER.check_keys, True)
        self.run_import({"AWS_ENDPOINT_URL": url, "AWS_NO_SIGN_REQUEST": "YES", "AWS_ACCESS_KEY_ID": "a",
                         "AWS_SECRET_ACCESS_KEY": "b"})
        self.run_import({"AWS_ENDPOINT_URL": url})
        self.assertEqual(seen, {None})

    def test_a_region_is_found(self):
        access, secret = SERVER.keys
        keys = {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret}
        for status, in_header in ((301, True), (400, True), (400, False)):
            asked = []

            def elsewhere(request, _count, status=status, in_header=in_header, asked=asked):
                region = request.headers["authorization"].split("/")[2]
                asked.append(region)
                if region == "eu-north-1":
                    return None
                if in_header:
                    return status, {"x-amz-bucket-region": "eu-north-1"}
                return status, {}, b"<Error><Region>eu-north-1</Region></Error>"

            url = self.proxy(elsewhere)
            self.run_import({"AWS_ENDPOINT_URL": url, **keys})
            self.assertLessEqual(asked.count(REGION), 2)  # then it is known
            self.assertGreater(asked.count("eu-north-1"), 2)
            self.run_import({"AWS_ENDPOINT_URL": url, "AWS_REGION": "us-west-2", **keys})

    def test_the_bucket_in_the_host(self):
        access, secret = SERVER.keys
        self.write(".aws/config", "[default]\ns3 =\n  addressing_style = virtual\n")
        hosts = set()

        def note(request, _count):
            hosts.add(request.headers["host"].split(":")[0])

        url = self.proxy(note)
        settings = {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret,
                    "AWS_ENDPOINT_URL": url.replace("127.0.0.1", "localhost")}
        self.run_import(settings)
        self.assertEqual(hosts, {f"{BUCKET}.localhost"})
        self.write(".aws/config", "[default]\ns3 =\n  addressing_style = odd\n")
        self.assertIn("addressing_style", self.run_import(settings, code=1))


if __name__ == "__main__":
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    unittest.main()
