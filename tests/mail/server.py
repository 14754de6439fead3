"""A mail server for tests, which can be told to misbehave.

    server.py FOLDER PORT MODE [--tls starttls|wrapped] [--login USER PASSWORD]

It listens on 127.0.0.1 and keeps in FOLDER:
    log       a line for each thing that happens: CONNECT or TLS, each SMTP command, LOST
    taken/N   each mail that it took: the recipients of its envelope, then the message
    go        not made by it: mode `slow` answers nothing more until this file is there

Modes: good; slow (holds each mail back); greylist (wants each recipient a second time); reject (550 for every
recipient); mute (takes connections and says nothing); inject (answers STARTTLS with an answer more, as somebody in
between would).
"""

import argparse
import asyncio
import os
import ssl

from aiosmtpd.smtp import SMTP, AuthResult

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("port", type=int)
parser.add_argument("mode", choices=["good", "slow", "greylist", "reject", "mute", "inject"])
parser.add_argument("--tls", choices=["starttls", "wrapped"])
parser.add_argument("--login", nargs=2)
wanted = parser.parse_args()
seen = set()


def note(line):
    with open(os.path.join(wanted.folder, "log"), "a", encoding="utf-8") as log:
        log.write(line + "\n")


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if wanted.mode == "reject":
            return f"550 5.1.1 <{address}>: there is nobody of that name"
        if wanted.mode == "greylist" and address not in seen:
            seen.add(address)
            return f"451 4.7.1 <{address}>: come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if wanted.mode == "slow":
            note("HOLDING")
            while not os.path.exists(os.path.join(wanted.folder, "go")):
                await asyncio.sleep(0.05)
        taken = os.path.join(wanted.folder, "taken")
        name = os.path.join(taken, str(len(os.listdir(taken))))
        with open(name + ".part", "wb") as mail:
            for address in envelope.rcpt_tos:
                mail.write(f"For: {address}\n".encode())
            mail.write(envelope.content)
        os.rename(name + ".part", name)
        return "250 OK"


class Server(SMTP):
    def connection_made(self, transport):
        note("TLS" if transport.get_extra_info("ssl_object") else "CONNECT")
        super().connection_made(transport)

    def connection_lost(self, error):
        note("LOST")
        super().connection_lost(error)


for command in ["EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "NOOP", "QUIT"]:

    def noting(command=command, before=getattr(SMTP, f"smtp_{command}")):
        async def after(self, arg):
            note(command if command == "AUTH" else f"{command} {arg or ''}".strip())
            return await before(self, arg)

        # What aiosmtpd keeps at its methods.
        after.__dict__.update(before.__dict__)
        return after

    setattr(Server, f"smtp_{command}", noting())


def judge(server, session, envelope, mechanism, data):
    user, password = wanted.login
    return AuthResult(success=data.login == user.encode() and data.password == password.encode())


def smtp(context):
    more = {}
    if wanted.login:
        more = {"auth_required": True, "auth_require_tls": wanted.tls == "starttls", "authenticator": judge}
    if wanted.tls == "starttls":
        more["tls_context"] = context
    return Server(Handler(), hostname="mail.test", **more)


async def mute(reader, writer):
    note("CONNECT")
    await reader.read(1)


async def inject(reader, writer):
    note("CONNECT")
    writer.write(b"220 mail.test\r\n")
    while line := await reader.readline():
        note(line.decode("latin-1").strip())
        if line.startswith(b"EHLO"):
            writer.write(b"250-mail.test\r\n250 STARTTLS\r\n")
        else:
            writer.write(b"220 go on\r\n250-mail.test\r\n250 8BITMIME\r\n")
            break
    await reader.read()


async def main():
    os.makedirs(os.path.join(wanted.folder, "taken"), exist_ok=True)
    context = None
    if wanted.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(os.path.join(wanted.folder, "cert.pem"), os.path.join(wanted.folder, "key.pem"))
    where = ("127.0.0.1", wanted.port)
    if wanted.mode in ("mute", "inject"):
        server = await asyncio.start_server(mute if wanted.mode == "mute" else inject, *where)
    else:
        wrapped = context if wanted.tls == "wrapped" else None
        server = await asyncio.get_running_loop().create_server(lambda: smtp(context), *where, ssl=wrapped)
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
