"""Meters with an optical head: IEC 62056-21 text readouts, and DLMS over HDLC."""
