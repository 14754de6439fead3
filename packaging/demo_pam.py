#!/usr/bin/env python3
"""packaging/demo_pam.py CONFDIR USER

A login of USER through libpam on this terminal, by the PAM files in CONFDIR: what sshd does, without root.
"""

import ctypes
import getpass
import sys

SUCCESS = 0
CONV_ERR = 19
ECHO_OFF, ECHO_ON = 1, 2

libc = ctypes.CDLL(None)
libc.calloc.restype = ctypes.c_void_p
libc.strdup.restype = ctypes.c_void_p
libpam = ctypes.CDLL("libpam.so.0")
libpam.pam_strerror.restype = ctypes.c_char_p


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    # The text belongs to libpam, which frees it: as `c_char_p` Python would free it too.
    _fields_ = [("text", ctypes.c_void_p), ("unused", ctypes.c_int)]


Converse = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_int,
    ctypes.POINTER(ctypes.POINTER(Message)),
    ctypes.POINTER(ctypes.POINTER(Response)),
    ctypes.c_void_p,
)


class Conversation(ctypes.Structure):
    _fields_ = [("converse", Converse), ("data", ctypes.c_void_p)]


@Converse
def converse(count, messages, responses, _):
    """Shows what libpam says and answers what it asks."""
    answers = ctypes.cast(libc.calloc(count, ctypes.sizeof(Response)), ctypes.POINTER(Response))
    responses[0] = answers
    try:
        for index in range(count):
            message = messages[index].contents
            text = message.text.decode(errors="replace")
            if message.style == ECHO_OFF:
                answers[index].text = libc.strdup(getpass.getpass(text).encode())
            elif message.style == ECHO_ON:
                answers[index].text = libc.strdup(input(text).encode())
            else:
                print(text, flush=True)
    except (EOFError, KeyboardInterrupt):
        return CONV_ERR
    return SUCCESS


def main():
    confdir, user = sys.argv[1:]
    handle = ctypes.c_void_p()
    conversation = Conversation(converse, None)
    result = libpam.pam_start_confdir(
        b"twolatch-demo", user.encode(), ctypes.byref(conversation), confdir.encode(), ctypes.byref(handle)
    )
    if result == SUCCESS:
        result = libpam.pam_authenticate(handle, 0)
        said = libpam.pam_strerror(handle, result).decode()
        libpam.pam_end(handle, result)
        print(f"in:{user}" if result == SUCCESS else f"Refused: {said}.")
    return 0 if result == SUCCESS else 1


if __name__ == "__main__":
    sys.exit(main())
