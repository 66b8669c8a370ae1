"""Random faults: small ones, put into the reference and composed, to measure whether what is said of a port is true."""
