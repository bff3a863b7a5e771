#!/usr/bin/python3
"""The authentication daemon that Courier's login asks, for one account with RETOUR_PASSWORD: courierauth.py BASE UID GID. See courier-authlib's authdaemond protocol."""
import os
import socketserver
import sys

BASE, UID, GID = sys.argv[1:4]
PATH = "/run/courier/authdaemon/socket"


class Question(socketserver.StreamRequestHandler):
    def handle(self):
        answer = "FAIL\n"
        for line in self.rfile:
            word, _, rest = line.decode().strip().partition(" ")
            if word == "AUTH":
                _service, _kind, user, password = self.rfile.read(int(rest)).decode().split("\n")[:4]
                if password == os.environ["RETOUR_PASSWORD"]:
                    answer = "UID=%s\nGID=%s\nHOME=%s/home\nADDRESS=%s\nMAILDIR=%s/home/Maildir\n.\n" % (UID, GID, BASE, user, BASE)
                break
            if "=" not in word:  # what it says of the connection stands before the question
                break
        self.wfile.write(answer.encode())


class Daemon(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


server = Daemon(PATH, Question)
os.chmod(PATH, 0o666)
server.serve_forever()
