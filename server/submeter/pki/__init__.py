"""A small authority for one site: certificates for Modbus/TCP Security (X.509 v3, RFC 5280)."""
