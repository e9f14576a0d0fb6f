"""A headless Chromium, spoken to by its DevTools protocol over pipes; nothing but Python's own library is needed."""

import base64
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tempfile

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SECONDS = 60  # that a wait may take


def find_chromium():
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One tab. What the page reports as an error, violations of its policy among it, is in `errors`."""

    def __init__(self, program):
        self.folder = tempfile.mkdtemp(prefix="quipu_browser.")
        self.errors, self.number, self.session, self.dialogs = [], 0, None, []
        to_read, self.to_write = os.pipe()
        self.to_read, to_write = os.pipe()
        # The browser wants them as 3 and 4.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (to_read, to_write)]

        def as_three_and_four():
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        arguments = [program, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
                     "--hide-scrollbars", "--disable-background-networking", f"--user-data-dir={self.folder}", "about:blank"]
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, pass_fds=(3, 4), preexec_fn=as_three_and_four)
        for end in (to_read, to_write, *ends):
            os.close(end)
        self.buffer = b""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.size(1280, 860)

    def close(self):
        with contextlib.suppress(OSError):
            self.call("Browser.close")
        os.close(self.to_write)
        os.close(self.to_read)
        self.process.wait(timeout=SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def message(self):
        while b"\0" not in self.buffer:
            part = os.read(self.to_read, 1 << 20)
            if not part:
                raise OSError("Chromium has ended")
            self.buffer += part
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def call(self, method, **params):
        self.number += 1
        wanted = self.number
        self.send(wanted, method, params)
        while True:
            message = self.message()
            if message.get("id") == wanted:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                return message["result"]
            self.on_event(message)

    def send(self, number, method, params):
        call = {"id": number, "method": method, "params": params}
        if self.session:
            call["sessionId"] = self.session
        os.write(self.to_write, json.dumps(call).encode() + b"\0")

    def on_event(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.errors.append(params["exceptionDetails"].get("exception", {}).get("description", str(params)))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(params["message"])
            self.number += 1
            self.send(self.number, "Page.handleJavaScriptDialog", {"accept": True})

    def evaluate(self, expression):
        done = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise AssertionError(f"{expression}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def open(self, url):
        self.call("Page.navigate", url=url)

    def wait(self, condition):
        """Until the expression is true in the page, which looks before each frame."""
        done = self.evaluate(f"""new Promise((resolve) => {{
            const end = performance.now() + {SECONDS * 1000};
            const look = () => {{
              let value;
              try {{ value = {condition}; }} catch {{ value = false; }}
              if (value || performance.now() > end) resolve(Boolean(value)); else setTimeout(look, 10);
            }};
            look();
        }})""")
        if not done:
            raise AssertionError(f"this did not come true: {condition}\n{self.text('body')}")

    def has(self, selector, text=""):
        self.wait(f"[...document.querySelectorAll({json.dumps(selector)})].some((e) => e.textContent.includes({json.dumps(text)}))")

    def text(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def click(self, selector, text=""):
        """A click of the mouse on the middle of the first such element that can be seen."""
        self.has(selector, text)
        found = f"[...document.querySelectorAll({json.dumps(selector)})].find((e) => e.textContent.includes({json.dumps(text)}) && e.getClientRects().length)"
        self.wait(f"{found} && ({found}.scrollIntoView({{block: 'center'}}), true)")
        box = self.evaluate(f"(() => {{ const r = {found}.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def key(self, key, code=None):
        named = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "Tab": 9}
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        virtual = {"windowsVirtualKeyCode": named[key]} if key in named else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=code or key, **text, **virtual)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=code or key, **virtual)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def dark(self, dark=True):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
