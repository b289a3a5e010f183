"""The UDP chat of the Python tutorials, as people type it in: one socket bound
for receiving in a thread, another one, unbound, for sending. It receives at
most 1024 bytes, and a datagram that is not UTF-8 ends its receiving thread."""
import socket
import threading

own_ip = input()
own_port = int(input())
target_ip = input()
target_port = int(input())

listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
listener.bind((own_ip, own_port))


def receive():
    while True:
        data, address = listener.recvfrom(1024)
        print(data.decode(), flush=True)


threading.Thread(target=receive, daemon=True).start()
print("ready", flush=True)  # for the test; people just look at the prompt

sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try:
    while True:
        sender.sendto(input().encode(), (target_ip, target_port))
except EOFError:
    pass
