"""A GSM modem, its SIM and the network behind it, without a radio: for demo, training and tests.

It ships with relay. `Network` is the operator, `SimulatedModem` the device, `PtyPort` and
`TcpPort` the cable. Nothing here is imported by the daemon.
"""
