#!/usr/bin/env python3
"""packaging/demo_check.py COMMAND…

The walk of `packaging/demo.sh --check`: one person sets up an authenticator, and uses its codes on the host and on the
web. COMMAND logs in on the host: `ssh …`, or without root a conversation with the PAM module. demo.sh says the rest in
DEMO_…; a line is printed for each step, and the exit status is not zero at the first miss.
"""

import base64
import hashlib
import hmac
import json
import os
import pty
import re
import secrets
import select
import struct
import subprocess
import sys
import termios
import time
import traceback

from demo_browser import Browser

PATIENCE = 30  # seconds until a program must have asked, ended or answered
PERIOD = 30

USER = os.environ["DEMO_USER"]
PASSWORD = os.environ["DEMO_PASSWORD"]
WEB_PASSWORD = os.environ["DEMO_WEB_PASSWORD"]
APP = os.environ["DEMO_APP"]
OVER_SSH = bool(os.environ["DEMO_SSH"])
HOST = "SSH" if OVER_SSH else "PAM"
# What proves a login is printed by the host and never typed; the conversation with PAM prints it of itself. After too
# many refused codes sshd names no way that is left, and ssh then tries all it knows, a password too: it is given one.
ONLY = ["-o", "PreferredAuthentications=keyboard-interactive"]
LOG_IN = [*sys.argv[1:2], *ONLY, *sys.argv[2:], "echo in:$(id -un)"] if OVER_SSH else sys.argv[1:]

PASSWORD_PROMPT, CODE_PROMPT = "assword: ", "Verification code: "
FIRST_PROMPT, NEXT_PROMPT, KEEP_PROMPT = "First code: ", "Next code: ", "Recovery code: "


class Miss(Exception):
    """Something is not as it must be."""


def expect(is_so, text, shown=""):
    if not is_so:
        raise Miss(f"{text}\n{shown}".rstrip())


class Authenticator:
    """What the app on a phone does (RFC 6238). It waits where a person waits: until there is a new code."""

    def __init__(self, secret):
        self.key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        self.shown = int(time.time()) // PERIOD - 1

    def code_at(self, step):
        mac = hmac.new(self.key, struct.pack(">Q", step), hashlib.sha1).digest()
        offset = mac[-1] & 15
        return f"{(struct.unpack_from('>I', mac, offset)[0] & 0x7FFFFFFF) % 1_000_000:06}"

    def new_code(self):
        """A code that was not shown before."""
        wait = (self.shown + 1) * PERIOD - time.time()
        if wait > 0:
            print(f"  waiting {wait:.0f} s for the next code", flush=True)
            time.sleep(wait)
        self.shown = int(time.time()) // PERIOD
        return self.code_at(self.shown)


class Terminal:
    """A program on a terminal of its own, answered once it has asked and hides what is typed."""

    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.environ["LC_ALL"] = "C.UTF-8"
                os.execvp(command[0], command)
            finally:
                os._exit(127)
        self.screen = ""
        self.seen = 0
        self.raw = b""

    def prompt(self, *prompts):
        """Which of these it asks, or None if it ends."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            # Programs throw away what was typed before they turned echo off.
            asked = [text for text in prompts if self.screen[self.seen :].endswith(text)]
            if asked and not termios.tcgetattr(self.fd)[3] & termios.ECHO:
                self.seen = len(self.screen)
                return asked[0]
            if not self.read():
                return None
        raise Miss(f"no prompt after {PATIENCE} s; the terminal shows:\n{self.screen}")

    def type(self, line):
        os.write(self.fd, f"{line}\n".encode())

    def read(self):
        if not select.select([self.fd], [], [], 0.05)[0]:
            return True
        try:
            read = os.read(self.fd, 4096)
        except OSError:  # how a terminal says that its program is gone
            return False
        self.raw += read
        self.screen = self.raw.decode(errors="replace")
        return bool(read)

    def finish(self):
        """Waits for its end, and says whether it went well."""
        deadline = time.monotonic() + PATIENCE
        while self.read():
            expect(time.monotonic() < deadline, "it does not end; the terminal shows:", self.screen)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]) == 0

    def finish_inside(self):
        ended_well = self.finish()
        expect(ended_well and f"in:{USER}" in self.screen, "not logged in; the terminal shows:", self.screen)


def twolatch(*arguments, stdin=""):
    """Runs a command of twolatch that must succeed."""
    command = [os.environ["DEMO_TWOLATCH"], *arguments, "--config", os.environ["DEMO_CONFIG"]]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"twolatch {' '.join(arguments)}: status {done.returncode}", done.stdout + done.stderr)
    return done.stdout


def last_verdict():
    """What the audit says of the latest code: how it was judged, and at which door."""
    records = json.loads(twolatch("audit", "list", "--limit", "50", "--json"))
    code = next((record for record in records if record["event"] == "code" and record["user_name"] == USER), None)
    expect(code, "the audit has no code")
    return code["result"], code["door"]


def set_up_over_ssh():
    login = Terminal(LOG_IN)
    expect(login.prompt(PASSWORD_PROMPT), "ssh asked for no password; the terminal shows:", login.screen)
    login.type(PASSWORD)
    expect(login.prompt(FIRST_PROMPT), "no set-up; the terminal shows:", login.screen)
    found = re.search(r"otpauth://totp/\S*[?&]secret=([A-Z2-7]+)", login.screen)
    expect(found and "\u2588" in login.screen, "no QR code and no key; the terminal shows:", login.screen)
    app = Authenticator(found[1])
    login.type(app.new_code())
    expect(login.prompt(NEXT_PROMPT), "the first code was not taken; the terminal shows:", login.screen)
    login.type(app.new_code())
    expect(login.prompt(KEEP_PROMPT), "the second code was not taken; the terminal shows:", login.screen)
    kept = re.findall(r"\b[0-9A-Z]{6}(?:-[0-9A-Z]{6}){2}\b", login.screen)
    expect(len(kept) == 10, "no ten recovery codes; the terminal shows:", login.screen)
    login.type(kept[0])
    login.finish_inside()
    return app


def provision():
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    twolatch("factor", "add-totp", USER, "--secret-stdin", stdin=f"{secret}\n")
    return Authenticator(secret)


def log_in(code):
    """Logs in on the host. Answers the program, at its end or where it asks for a second code."""
    login = Terminal(LOG_IN)
    if OVER_SSH:
        expect(login.prompt(PASSWORD_PROMPT), "ssh asked for no password; the terminal shows:", login.screen)
        login.type(PASSWORD)
    expect(login.prompt(CODE_PROMPT), "no code was asked for; the terminal shows:", login.screen)
    login.type(code)
    return login


def refused_on_host(code):
    login = log_in(code)
    while login.prompt(CODE_PROMPT):
        login.type(code)
    ended_well = login.finish()
    expect(not ended_well and "in:" not in login.screen, "logged in with a used code:", login.screen)
    result, door = last_verdict()
    expect(result == "replay" and door != "web", f"the audit says {result} at {door}, not replay")


def sign_in(code):
    """Signs in to the sample web app; answers the page that the code leads to."""
    browser = Browser()
    page = browser.open(APP + "/login")
    expect("password" in page.fields, f"no form for a password at {page}", page.text)
    page = browser.submit(page, username=USER, password=WEB_PASSWORD)
    expect("code" in page.fields, f"no form for a code at {page}", page.text)
    return browser.submit(page, code=code)


def sign_in_on_web(code):
    page = sign_in(code)
    name = re.search(r'id="name">([^<]*)<', page.text)
    expect(page.url.startswith(APP) and name, f"not back at the sample web app but at {page}", page.text)
    expect(name[1] == USER, f"the sample web app takes {USER} for {name[1]}")
    level = re.search(r'id="acr">([^<]*)<', page.text)
    expect(level and level[1] == "urn:twolatch:acr:3", "the ID token does not tell of a code", page.text)


def refused_on_web(code):
    page = sign_in(code)
    expect("code" in page.fields and not page.url.startswith(APP), f"a used code led to {page}", page.text)
    result, door = last_verdict()
    expect((result, door) == ("replay", "web"), f"the audit says {result} at {door}, not replay")


def done(text):
    print(f"\u2714 {text}", flush=True)


def walk():
    if OVER_SSH:
        app = set_up_over_ssh()
        done("SSH: password, QR code, two codes, recovery codes; all is set up, and the login goes on")
    else:
        app = provision()
        done("an authenticator is provisioned (left out without root: set-up and logins over SSH)")

    on_host = app.new_code()
    log_in(on_host).finish_inside()
    done(f"{HOST}: logged in with {'password and code' if OVER_SSH else 'a code'}")

    refused_on_web(on_host)
    done(f"web: the code that {HOST} has seen is refused")

    on_web = app.new_code()
    sign_in_on_web(on_web)
    done("web: signed in to the sample web app with password and code")

    refused_on_host(on_web)
    done(f"{HOST}: the code that the web has seen is refused")

    print(f"\u2714 audit: {twolatch('audit', 'verify').strip()}", flush=True)


if __name__ == "__main__":
    try:
        walk()
    except Miss as miss:
        print(f"\u2718 {miss}", file=sys.stderr)
        sys.exit(1)
    except Exception:  # whatever else it was, the walk has not been done
        traceback.print_exc()
        print("\u2718 the walk broke off", file=sys.stderr)
        sys.exit(1)
