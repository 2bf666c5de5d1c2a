"""What schemathesis needs to be told of this API: how records are written in lines."""

import schemathesis


@schemathesis.serializer("application/x-ndjson", "text/csv")
def lines(_, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
