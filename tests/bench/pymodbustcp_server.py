"""A server of pyModbusTCP, a thread for each connection: PORT REGISTERS. Register n holds n."""

import socketserver
import sys

from pyModbusTCP.server import DataBank, ModbusServer  # type: ignore[import-not-found]

port, count = map(int, sys.argv[1:])
socketserver.TCPServer.request_queue_size = 1024  # as the others have it; 5 are too few for 256
bank = DataBank(h_regs_size=count)
bank.set_holding_registers(0, list(range(count)))
print(port, flush=True)
ModbusServer("127.0.0.1", port, data_bank=bank).start()
