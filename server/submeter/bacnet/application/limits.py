"""What a device of ours takes and how long it waits; its Device object tells most of it."""

LARGEST_APDU = 1476
"""Octets: the most that BACnet/IP carries (ASHRAE 135, J.1.1)."""
MOST_SEGMENTS = 16
"""Of one request to us: Max_Segments_Accepted (135, 12.11.19)."""
WINDOW = 16
"""Segments that we let others send at a time, and propose to send (135, 5.3)."""
SEGMENT_TIMEOUT = 1000
"""Milliseconds: APDU_Segment_Timeout (135, 12.11.28)."""
APDU_TIMEOUT = 3000
"""Milliseconds: APDU_Timeout (135, 12.11.29)."""
RETRIES = 3
"""Number_Of_APDU_Retries (135, 12.11.30)."""

LARGEST_ANSWER = 256 * LARGEST_APDU
"""Octets of one answer, cut or not."""
LARGEST_PART = 1400
"""Octets of the parameters of an answer that the client can go on from; less if it takes less."""

# Of all devices of a face together; "one" is an IP address, and all that is behind it.
MOST_ANSWERED = 8 << 20
"""Octets of all answers together that wait to be acknowledged."""
MOST_TRANSACTIONS = 512
"""Requests to us that wait for segments, of either side."""
MOST_OF_ONE = 64
"""Those of one: it may read a log from each of many devices at the same time."""
MOST_WORKS = 32
"""Requests that wait for another thread to work them out; as many again with a code in them."""
MOST_WORKS_OF_ONE = 8
"""Those of one."""
MOST_PLANNED = 16 << 20
"""Octets of prepared answers."""
MOST_REQUESTS = 1024
"""Requests of ours that are under way; one that is gone holds its share for twelve seconds."""
MOST_REQUESTS_TO_ONE = 128
"""Those to one."""
