"""One modem on one serial port: the driver, its profiles, the search for the right port."""
