"""A way to a server's port from another one."""
import socket
import threading


def _copy(source, sink):
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def _pass_on(listener, port):
    while True:
        try:
            client = listener.accept()[0]
        except OSError:
            return
        server = socket.create_connection(("127.0.0.1", port))
        for pair in ((client, server), (server, client)):
            threading.Thread(target=_copy, args=pair, daemon=True).start()


def pass_on(listener, port):
    """Whoever connects to LISTENER talks with PORT of this machine, until LISTENER is closed."""
    threading.Thread(target=_pass_on, args=(listener, port), daemon=True).start()
