"""Messages outside the pages: what a firm must learn even if nobody looks at its page."""
